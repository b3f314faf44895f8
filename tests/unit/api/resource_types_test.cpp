#include "api/resource_types.h"

#include "api/content.h"
#include "support/json.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace lab::api {
namespace {

Result<Value> normalised(std::string_view type_name, std::string_view property_name, const Value& value) {
    const ResourceType* type = find_resource_type(type_name);
    const PropertySchema* property = find_property(*type, property_name);
    return normalise(*type, *property, value);
}

std::string refusal(const Result<Value>& result) {
    return result ? "accepted " + write_json(*result) : result.error().message;
}

TEST(ResourceTypes, TheTableIsSound) {
    EXPECT_EQ(resource_types().size(), 12u);
    for (const ResourceType& type : resource_types()) {
        EXPECT_EQ(find_property(type, "ensure") != nullptr, type.takes_ensure) << type.name;
        EXPECT_FALSE(type.example.empty()) << type.name;
        for (const PropertySchema& property : type.properties) {
            EXPECT_FALSE(property.summary.empty()) << type.name << '.' << property.name;
            if (property.default_json.empty()) continue;
            const auto value = parse_json(property.default_json);
            ASSERT_TRUE(value) << type.name << '.' << property.name;
            const auto fit = normalise(type, property, *value);
            ASSERT_TRUE(fit) << fit.error().message;
            EXPECT_EQ(*fit, *value) << "a default is canonical: " << type.name << '.' << property.name;
        }
    }
}

TEST(ResourceTypes, ValuesTakeTheirCanonicalForm) {
    EXPECT_EQ(*normalised("file", "mode", "644"), Value("0644"));
    EXPECT_EQ(*normalised("file", "mode", "01777"), Value("1777"));
    EXPECT_EQ(*normalised("file", "owner", 0), Value("0"));
    EXPECT_EQ(*normalised("sysctl", "value", " 4096\t87380  1 "), Value("4096 87380 1"));
    EXPECT_EQ(*normalised("user", "groups", ValueList{"wheel", "adm", "wheel"}),
              Value(ValueList{"adm", "wheel"}));
    EXPECT_EQ(*normalised("command", "run", ValueList{"b", "a", 1}), Value(ValueList{"b", "a", "1"}));
    EXPECT_EQ(*normalised("command", "timeout", "90s"), Value("1m30s"));
    EXPECT_EQ(*normalised("command", "creates", "/var/lib/x/"), Value("/var/lib/x"));
}

TEST(ResourceTypes, RefusalsNameThePropertyAndWhatWasFound) {
    EXPECT_EQ(refusal(normalised("file", "mode", "rw")),
              "'mode' of a file must be octal digits in quotes such as \"0644\", not 'rw'");
    EXPECT_EQ(refusal(normalised("file", "mode", 644)),
              "'mode' of a file must be octal digits in quotes such as \"0644\", not '644'");
    EXPECT_EQ(refusal(normalised("file", "ensure", "gone")),
              "'ensure' of a file must be 'present' or 'absent', not 'gone'");
    EXPECT_EQ(refusal(normalised("user", "uid", -1)),
              "'uid' of a user must be a whole number from 0 to 4294967294, not '-1'");
    EXPECT_EQ(refusal(normalised("command", "run", "ls -l")),
              "'run' of a command must be a list of strings, not a string");
    EXPECT_EQ(
        refusal(normalised("line", "path", "etc/../x")),
        "'path' of a line must be an absolute path without '..', '.' and double slashes, not 'etc/../x'");
    EXPECT_FALSE(normalised("line", "text", "two\nlines"));
    EXPECT_FALSE(normalised("service", "running", "yes"));
}

TEST(ResourceTypes, TextsOfAUserAreFieldsOfAccountFiles) {
    EXPECT_EQ(refusal(normalised("user", "comment", "a:b")),
              "'comment' of a user must be free of colons, which end a field of /etc/passwd, not 'a:b'");
    EXPECT_FALSE(normalised("user", "comment", "a\nb"));
    EXPECT_FALSE(normalised("user", "home", "/srv/a:b"));
    EXPECT_FALSE(normalised("user", "shell", "/bin/a:b"));
    EXPECT_FALSE(normalised("user", "group", "a:b"));
    EXPECT_FALSE(normalised("user", "groups", ValueList{"adm", "a:b"}));
    EXPECT_EQ(refusal(normalised("user", "password_hash", "$6$a:b")).find("a:b"), std::string::npos);
    EXPECT_TRUE(normalised("user", "comment", "Ann Example, room 7"));
    EXPECT_TRUE(normalised("line", "text", "a:b"));
}

TEST(ResourceTypes, MachinesMayReportWhatNobodyMayWrite) {
    const auto observed = [](std::string_view type_name, std::string_view name,
                             const Value& value) -> Result<Value> {
        const ResourceType* type = find_resource_type(type_name);
        const PropertySchema* property = find_observed(*type, name);
        if (!property) return Error{.code = ErrorCode::NotFound, .message = "no such property"};
        return normalise_observed(*type, *property, value);
    };
    EXPECT_EQ(*observed("file", "mode", "644"), Value("0644"));
    EXPECT_EQ(*observed("file", "ensure", "other"), Value("other"));
    EXPECT_EQ(*observed("user", "home", "/srv//deploy/"), Value("/srv//deploy/"));
    EXPECT_EQ(*observed("user", "comment", "two\nlines"), Value("two\nlines"));
    EXPECT_EQ(*observed("line", "text", ValueMap{{"base64", "/w=="}}), Value(ValueMap{{"base64", "/w=="}}));
    EXPECT_EQ(*observed("line", "mode", "0600"), Value("0600"));
    EXPECT_EQ(*observed("sysctl", "value", 1), Value("1"));
    EXPECT_TRUE(observed("sysctl", "value", ValueMap{{"live", "1"}, {"persisted", "0"}}));
    EXPECT_TRUE(observed("user", "password_hash", fingerprint({"key"}, "x")));
    EXPECT_TRUE(observed("file", "content", summary("x")));
    EXPECT_TRUE(observed("command", "done", true));
    EXPECT_TRUE(observed("directory", "uid", 4'294'967'295));
    EXPECT_TRUE(observed("package", "version", {}));
    EXPECT_EQ(refusal(observed("file", "mode", 644)),
              "'mode' of a file must be octal digits in quotes such as \"0644\", not '644'");
    EXPECT_EQ(refusal(observed("service", "enabled", "maybe")),
              "'enabled' of a service must be true or false, not 'maybe'");
    EXPECT_EQ(refusal(observed("package", "ensure", "file")),
              "'ensure' of a package must be 'present' or 'absent', not 'file'");
    EXPECT_EQ(refusal(observed("user", "home", true)), "'home' of a user must be text, not 'true'");
    EXPECT_FALSE(observed("file", "source", "motd"));
}

TEST(ResourceTypes, ARefusalNeverShowsWhatMayBeSecret) {
    EXPECT_EQ(refusal(normalised("user", "password_hash", "a\nb")).find("a\nb"), std::string::npos);
    EXPECT_EQ(refusal(normalised("file", "content", 1.5)), "'content' of a file must be text, not a number");
}

TEST(ResourceTypes, NamesAreWhatTheToolsTake) {
    const auto name = [](std::string_view type, std::string_view text) {
        return normalise_name(*find_resource_type(type), text);
    };
    EXPECT_EQ(*name("directory", "/srv/www/"), "/srv/www");
    EXPECT_TRUE(name("directory", "/"));
    EXPECT_TRUE(name("package", "libstdc++6"));
    EXPECT_TRUE(name("package", "linux-image-amd64:amd64"));
    EXPECT_TRUE(name("service", "getty@tty1.service"));
    EXPECT_TRUE(name("line", "no root login"));
    for (const auto& [type, text] : {std::pair{"file", "etc/motd"},
                                     {"file", "/etc/../motd"},
                                     {"file", "/"},
                                     {"file", ""},
                                     {"package", "-o=evil"},
                                     {"package", "a b"},
                                     {"package", "a;b"},
                                     {"user", "ro ot"},
                                     {"sysctl", "../../etc/passwd"},
                                     {"kernel_module", "a/b"},
                                     {"line", "a\nb"}})
        EXPECT_FALSE(name(type, text)) << type << ' ' << text;
}

TEST(ResourceTypes, TheReferencePageIsTheTable) {
    const auto path =
        (std::filesystem::path(LAB_TESTDATA) / "../../../../docs/resources.md").lexically_normal();
    const std::string wanted = resource_reference_markdown();
    if (std::getenv("LAB_TEST_ACCEPT")) {
        std::ofstream(path) << wanted;
        GTEST_SKIP() << "docs/resources.md was written";
    }
    std::ifstream file(path);
    std::stringstream found;
    found << file.rdbuf();
    EXPECT_EQ(found.str(), wanted) << "run LAB_TEST_ACCEPT=1 ctest --test-dir build/dev -R unit.api";
}

} // namespace
} // namespace lab::api
