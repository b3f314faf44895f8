// The floor under reading an inventory out of git: walks a commit's tree, reads every YAML file's blob and
// touches every byte.
//
// usage: blob_floor REPOSITORY

#include "git/detail/handles.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

struct Totals {
    git_repository* repository = nullptr;
    std::uint64_t files = 0, bytes = 0, sum = 0;
};

int read_blob(const char*, const git_tree_entry* entry, void* payload) {
    Totals& totals = *static_cast<Totals*>(payload);
    if (!std::string_view(git_tree_entry_name(entry)).ends_with(".yaml")) return 0;
    git_blob* blob = nullptr;
    if (git_blob_lookup(&blob, totals.repository, git_tree_entry_id(entry)) != 0) return -1;
    const auto* bytes = static_cast<const unsigned char*>(git_blob_rawcontent(blob));
    const auto size = static_cast<std::size_t>(git_blob_rawsize(blob));
    for (std::size_t i = 0; i < size; ++i)
        totals.sum += bytes[i];
    ++totals.files;
    totals.bytes += size;
    git_blob_free(blob);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 64;
    lab::git::start_libgit2(); // as quick as lab's own start
    Totals totals;
    git_object* tree = nullptr;
    const bool done =
        git_repository_open(&totals.repository, argv[1]) == 0 &&
        git_revparse_single(&tree, totals.repository, "HEAD^{tree}") == 0 &&
        git_tree_walk(reinterpret_cast<git_tree*>(tree), GIT_TREEWALK_PRE, read_blob, &totals) == 0;
    std::printf("%llu files, %llu bytes, sum %llu\n", static_cast<unsigned long long>(totals.files),
                static_cast<unsigned long long>(totals.bytes), static_cast<unsigned long long>(totals.sum));
    git_object_free(tree);
    git_repository_free(totals.repository);
    return done ? 0 : 1;
}
