#pragma once
// Definitions as text: where each of a section is written, where a new one goes, and the files as they would
// be with one more, one less, or without what refers to one. Pure over a file tree; nothing is written.

#include "spec/edit.h"
#include "spec/load.h"
#include "support/overlay_tree.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lab::spec {

struct Definition {
    std::string file;
    EditPath path; // {"servers", "web-1"}, or {"alerts", 3} in a section that is a list
    Span at;
    Value body;
};

class Definitions {
  public:
    /// Those of one section ("servers"). `tree` must outlive it; `loaded` is what was loaded from it.
    static Result<Definitions> read(const FileTree& tree, const Loaded& loaded, std::string section);

    const std::string& section() const noexcept { return section_; }
    const Definition* find(std::string_view name) const;
    std::vector<std::string> names() const;

    /// The file that a new definition goes to: one of its own beside the others where most have that (the
    /// file is called as the definition), else the file that holds the most of them. Where there are none,
    /// the one file that holds everything, or SECTION.yaml. `environment`, where given: the others are those
    /// of it, if there are any.
    std::string file_for(std::string_view name, std::string_view environment = {}) const;

    // The files that change. Errors are those of edit_document; NotFound and Conflict by name.
    Result<TreeChanges> with(std::string_view name, Value body, const std::string& file) const;
    /// `edits`: paths inside the definition.
    Result<TreeChanges> changed(std::string_view name, std::vector<DocumentEdit> edits) const;
    /// A section goes with the last thing in it, unless other comments stand there, and a file with its last
    /// section: where it was this definition's own, or nothing but blank lines is left.
    Result<TreeChanges> without(std::string_view name) const;

  private:
    explicit Definitions(const FileTree& tree) : tree_(&tree) {}
    void add(const Document& document);
    bool has_own_file(std::string_view name, const Definition& definition) const;
    Result<TreeChanges> edited(const std::string& file, std::span<const DocumentEdit> edits) const;

    const FileTree* tree_;
    std::string section_;
    std::map<std::string, Definition, std::less<>> definitions_;
    std::map<std::string, std::shared_ptr<const Document>> documents_; // that hold the section
    std::vector<std::string> files_;                                   // of the inventory, no modules'
    YamlHabits habits_;
};

/// Cuts what stands at each of the places out of its file: an item out of its list, a value with its key; a
/// list that is empty then goes too. `changes` are what the places were found over. Unsupported where a place
/// is no item or value inside a definition. What is left may select more than before: spec/reach.h tells.
Result<TreeChanges> without_places(const FileTree& tree, TreeChanges changes, std::vector<Span> places);

} // namespace lab::spec
