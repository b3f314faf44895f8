#include "reconciler/inventory_source.h"

#include "git/remote.h"
#include "git/working_tree.h"
#include "support/kept_tree.h"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

namespace lab::reconciler {
namespace {

namespace fs = std::filesystem;

/// The nearest folder upwards that holds a lab.yaml.
Result<fs::path> enclosing(const fs::path& start) {
    std::error_code failed;
    for (fs::path folder = fs::absolute(start, failed); !folder.empty(); folder = folder.parent_path()) {
        if (fs::exists(folder / "lab.yaml", failed)) return folder;
        if (folder == folder.root_path()) break;
    }
    return Error{.code = ErrorCode::NotFound,
                 .message = fmt::format("no lab.yaml in '{}' or a folder above it", start.string()),
                 .hint =
                     "go to an inventory, name one with --inventory DIR, or make one with `lab init DIR`"};
}

/// An inventory that was found rather than named must be ours or root's, as git asks of a repository: looking
/// at a machine runs commands that the inventory names.
Result<void> check_owner(const fs::path& folder, std::optional<uid_t> sudo_user) {
    struct stat status {};
    if (::stat((folder / "lab.yaml").c_str(), &status) != 0)
        return errno_error("cannot look at lab.yaml", errno);
    const uid_t owner = status.st_uid, us = ::geteuid();
    if (owner == us || owner == 0 || (us == 0 && sudo_user && owner == *sudo_user)) return {};
    return Error{.code = ErrorCode::Denied,
                 .message = fmt::format("the inventory in '{}' belongs to another user (uid {})",
                                        folder.string(), owner),
                 .hint = fmt::format("if you trust what is in it, name it: --inventory {}", folder.string())};
}

/// URL//FOLDER as the two.
std::pair<std::string, std::string> split_url(const std::string& text) {
    const auto scheme = text.find("://");
    const auto slashes = text.find("//", scheme == std::string::npos ? 0 : scheme + 3);
    if (slashes == std::string::npos) return {text, {}};
    std::string folder = text.substr(slashes + 2);
    while (folder.ends_with('/'))
        folder.pop_back();
    return {text.substr(0, slashes), folder};
}

std::string below(const fs::path& folder, const fs::path& root) {
    std::error_code failed;
    const fs::path canonical = fs::canonical(folder, failed);
    const std::string relative = failed ? std::string() : canonical.lexically_relative(root).string();
    return relative == "." ? std::string() : relative;
}

bool may_be_inventory(std::string_view path) {
    return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".pp") ||
           path == spec::kLockFile || path.find("modules/") != std::string_view::npos;
}

} // namespace

Result<InventorySource> InventorySource::open(const InventoryRequest& request) {
    InventorySource source;
    source.modules_ =
        std::make_shared<ModuleRepositories>(request.home, system_clock(), request.modules, request.stop);
    if (git::is_remote(request.inventory) && !fs::exists(request.directory / request.inventory)) {
        auto [url, prefix] = split_url(request.inventory);
        auto copy = git::fetch_remote(url, request.home / "cache/inventories", system_clock(), request.stop);
        if (!copy) return std::move(copy).error();
        source.name_ = request.inventory;
        source.prefix_ = std::move(prefix);
        source.warning_ = std::move(copy->warning);
        source.repository_ = std::make_shared<git::Repository>(std::move(copy->repository));
        return source.at(request.revision.empty() ? copy->head : request.revision);
    }
    auto folder = request.inventory.empty() ? enclosing(request.directory)
                                            : Result<fs::path>(request.directory / request.inventory);
    if (!folder) return std::move(folder).error();
    if (request.inventory.empty()) LAB_TRY(check_owner(*folder, request.sudo_user));
    source.name_ = folder->lexically_normal().string();
    if (auto repository = git::Repository::discover(*folder)) {
        const bool bare = repository->work_directory().empty();
        if (!bare) source.prefix_ = below(*folder, repository->work_directory());
        source.repository_ = std::make_shared<git::Repository>(std::move(*repository));
        if (bare && request.revision.empty()) return source.at("HEAD");
    } else if (repository.error().code != ErrorCode::NotFound) {
        return std::move(repository).error();
    }
    if (!request.revision.empty()) return source.at(request.revision);

    if (!fs::exists(*folder / "lab.yaml"))
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("'{}' has no lab.yaml: it is no inventory", source.name_),
                     .hint = "make one with `lab init " + source.name_ + "`"};
    auto tree = git::open_working_tree(*folder);
    if (!tree) return std::move(tree).error();
    source.tree_ = std::move(*tree);
    source.folder_ = *folder;
    if (source.repository_) {
        auto head = source.repository_->head();
        if (!head)
            return std::move(head).error().during(
                fmt::format("in the git repository {}", source.repository_->git_directory().string()));
        if (*head) source.commit_ = **head;
    }
    return source;
}

Result<InventorySource> InventorySource::at(std::string_view revision) const {
    if (!repository_)
        return Error{.code = ErrorCode::Invalid,
                     .message =
                         fmt::format("'{}' is in no git repository, so it has no '{}'", name_, revision),
                     .hint = "run `git init` and commit the inventory"};
    InventorySource source;
    source.name_ = name_;
    source.warning_ = warning_;
    source.prefix_ = prefix_;
    source.repository_ = repository_;
    source.modules_ = modules_;
    source.working_tree_ = false;
    auto commit = repository_->resolve(revision);
    if (!commit) return std::move(commit).error();
    source.commit_ = std::move(*commit);
    auto tree = repository_->tree(source.commit_, prefix_);
    if (!tree) return std::move(tree).error();
    source.tree_ = std::move(*tree);
    return source;
}

InventorySource InventorySource::edited(TreeChanges changes) const {
    InventorySource source(*this);
    source.tree_ = std::make_shared<OverlayTree>(tree_, std::move(changes));
    source.warning_.clear(); // said of the other
    source.edited_ = true;
    return source;
}

InventorySource InventorySource::kept() const {
    InventorySource source(*this);
    if (working_tree_) source.tree_ = std::make_shared<KeptTree>(tree_); // a commit stays as it is
    return source;
}

bool TableRules::present(std::string_view provider) const {
    return table_.find(provider) != nullptr;
}

std::vector<std::string> TableRules::names() const {
    return table_.names();
}

std::vector<spec::ProviderRules::Problem>
TableRules::validate(std::string_view provider, const ValueMap& settings, bool on_server) const {
    std::vector<Problem> problems;
    if (const providers::Provider* known = table_.find(provider))
        for (providers::Provider::SettingProblem& problem : known->validate(settings, on_server))
            problems.push_back({.setting = std::move(problem.setting),
                                .message = std::move(problem.message),
                                .help = std::move(problem.help)});
    return problems;
}

std::vector<spec::ProviderRules::FleetProblem>
TableRules::validate_fleet(std::string_view provider, std::span<const FleetServer> servers) const {
    const providers::Provider* known = table_.find(provider);
    if (!known) return {};
    std::vector<providers::Provider::FleetServer> asked;
    asked.reserve(servers.size());
    for (const FleetServer& server : servers)
        asked.push_back({.name = server.name, .settings = server.settings});
    std::vector<FleetProblem> problems;
    for (providers::Provider::FleetProblem& problem : known->validate_fleet(asked))
        problems.push_back({.server = problem.server,
                            .other = problem.other,
                            .setting = std::move(problem.setting),
                            .message = std::move(problem.message),
                            .help = std::move(problem.help)});
    return problems;
}

Result<std::unique_ptr<LoadedInventory>> load_inventory(InventorySource source) {
    spec::Loaded loaded = spec::load(source.tree(), {}, &source.modules());
    api::Plan::Inventory origin{.source = source.name(),
                                .id = loaded.inventory.settings.id,
                                .commit = source.commit(),
                                .dirty = false,
                                .digest = loaded.inventory.digest};
    if (source.is_working_tree() || source.is_edited()) {
        origin.dirty = source.commit().empty() || source.is_edited();
        if (!origin.dirty) {
            std::vector<FileName> files;
            for (const spec::LoadedFile& file : *loaded.files)
                files.push_back(file.path);
            auto changed = source.repository()->first_change(source.prefix(), files, may_be_inventory);
            if (!changed) return std::move(changed).error();
            origin.dirty = changed->has_value();
        }
        if (origin.dirty) origin.commit.clear();
    }
    return std::make_unique<LoadedInventory>(LoadedInventory{
        .source = std::move(source), .loaded = std::move(loaded), .origin = std::move(origin)});
}

spec::Fleet resolve_fleet(const LoadedInventory& inventory, const providers::ProviderTable& providers,
                          const api::FingerprintKey& key, Diagnostics& diagnostics) {
    return spec::Fleet::resolve(inventory.loaded.inventory, TableRules(providers), key, diagnostics);
}

} // namespace lab::reconciler
