#include "git/detail/handles.h"

#include <array>
#include <fmt/format.h>

#ifndef __has_feature // clang's way to say what gcc says with a macro
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
// libgit2 1.5 leaks pcre2's match data wherever a regular expression of its own does not match.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpcre2-8\n";
}
extern "C" const char* __lsan_default_options() {
    return "print_suppressions=0";
}
#endif

// libgit2's start reads every certificate of the system: several milliseconds of each run, for connections
// that lab leaves to git itself (git/remote.h). The program's own definition comes before that of the
// library, and reads nothing.
extern "C" int mbedtls_x509_crt_parse_file(void* chain, const char* path);
extern "C" int mbedtls_x509_crt_parse_file(void*, const char*) {
    return 0;
}

namespace lab::git {

void start_libgit2() {
    static const bool ready = [] {
        git_libgit2_init(); // for the life of the program
        // Hashing every object again costs a third of reading it; git itself does not either.
        git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
        // Its check fails with "config value 'safe.directory' was not found". It guards programs that run
        // what a repository's config names; we only read objects. Who may give lab an inventory is checked
        // where it is found.
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        return true;
    }();
    static_cast<void>(ready);
}

Error git_error_as(int status, std::string what) {
    const git_error* last = git_error_last();
    const std::string said = last && last->message ? last->message : "unknown failure";
    ErrorCode code = ErrorCode::Internal;
    if (status == GIT_ENOTFOUND) code = ErrorCode::NotFound;
    if (status == GIT_EINVALIDSPEC || status == GIT_EAMBIGUOUS || status == GIT_EPEEL)
        code = ErrorCode::Invalid;
    // Damaged or unreadable repositories are the world's doing, not ours.
    if (code == ErrorCode::Internal) code = ErrorCode::Unavailable;
    return {.code = code, .message = fmt::format("{}: {}", what, said)};
}

std::string hex(const git_oid& id) {
    std::array<char, GIT_OID_HEXSZ + 1> text{};
    git_oid_tostr(text.data(), text.size(), &id);
    return text.data();
}

Result<git_oid> parse_id(std::string_view text) {
    git_oid id;
    if (text.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, text.data(), text.size()) != 0)
        return Error{.code = ErrorCode::Invalid, .message = fmt::format("'{}' is no commit id", text)};
    return id;
}

EntryKind kind_of(const git_tree_entry* entry) {
    switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE: return EntryKind::Directory;
    case GIT_FILEMODE_LINK: return EntryKind::Symlink;
    case GIT_FILEMODE_COMMIT: return EntryKind::Submodule;
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
    case GIT_FILEMODE_UNREADABLE: break;
    }
    return EntryKind::File;
}

} // namespace lab::git
