#include "cli/kinds.h"

#include <gtest/gtest.h>

namespace lab::cli {
namespace {

Result<Reference> read(std::vector<std::string> words) {
    return parse_reference(words);
}

TEST(Reference, IsWrittenInTwoWays) {
    EXPECT_EQ(read({"servers"})->kind, Kind::Server);
    EXPECT_TRUE(read({"servers"})->names.empty());
    EXPECT_EQ(read({"server", "db-1"})->names, std::vector<std::string>{"db-1"});
    EXPECT_EQ(read({"server/db-1"})->names, std::vector<std::string>{"db-1"});
    EXPECT_EQ(read({"server/a", "servers/b"})->names, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read({"label", "k3s=server"})->names, std::vector<std::string>{"k3s=server"});
    EXPECT_EQ(read({"env", "prod"})->kind, Kind::Environment);
}

TEST(Reference, OfNoKindNamesTheNearest) {
    EXPECT_EQ(read({"sever"}).error().hint, "did you mean 'server'?");
    EXPECT_EQ(
        read({"xyzzy"}).error().hint,
        "kinds are servers, labels, groups, environments, clouds, modules, params, layouts, sizes, images, "
        "puppet-classes, containers, clusters, apps, roles, users, alerts, secrets, runs");
    EXPECT_EQ(read({"server/"}).error().message, "'server/' is no KIND/NAME");
    EXPECT_EQ(read({"server/a", "b"}).error().message, "'b' is no kind of thing that lab knows");
    EXPECT_EQ(read({"server/a", "label/b"}).error().message, "all things named must be of one kind");
}

} // namespace
} // namespace lab::cli
