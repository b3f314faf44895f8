#include "editor/uri.h"

#include <gtest/gtest.h>

namespace lab::editor {
namespace {

TEST(Uri, GoesThereAndBack) {
    EXPECT_EQ(path_of("file:///srv/a%20b/%C3%A9.yaml"), std::filesystem::path("/srv/a b/é.yaml"));
    EXPECT_EQ(path_of("file://localhost/srv/x"), std::filesystem::path("/srv/x"));
    EXPECT_EQ(uri_of("/srv/a b/é+.yaml"), "file:///srv/a%20b/%C3%A9%2B.yaml");
    for (const char* path : {"/", "/a/b.yaml", "/a%b", "/\x01/ü"})
        EXPECT_EQ(path_of(uri_of(path)), std::filesystem::path(path));
}

TEST(Uri, RefusesWhatNamesNoFileHere) {
    for (const char* uri : {"", "http://x/y", "file://host/x", "file:/x", "untitled:1", "file:///a%",
                            "file:///a%4", "file:///a%zz", "file:///a%00"})
        EXPECT_EQ(path_of(uri), std::nullopt) << uri;
}

} // namespace
} // namespace lab::editor
