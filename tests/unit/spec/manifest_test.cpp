#include "spec/detail/manifest.h"

#include <gtest/gtest.h>

namespace lab::spec::detail {
namespace {

/// "a: x@3 y@4 > b c; b:" and then the problems.
std::string scanned(std::string_view text) {
    Diagnostics diagnostics;
    std::string out;
    for (const PuppetClass& one : scan_manifest("x.pp", text, diagnostics)) {
        out += out.empty() ? one.name + ":" : "; " + one.name + ":";
        for (const Text& secret : one.secrets)
            out += " " + secret.value + "@" + std::to_string(secret.at.line) + ":" +
                   std::to_string(secret.at.column);
        if (!one.brings.empty()) out += " >";
        for (const Text& brought : one.brings)
            out += " " + brought.value;
    }
    for (const Diagnostic& diagnostic : diagnostics.sorted())
        out += " [" + diagnostic.at.text() + " " + diagnostic.code + "]";
    return out;
}

TEST(Manifest, CallsBelongToTheirClass) {
    EXPECT_EQ(scanned("class a {\n  $x = lab::secret('m/x')\n}\n"), "a: m/x@2:20");
    EXPECT_EQ(scanned("class a($p = lab::secret(\"m/p\"), $h = {}) inherits b::c {}"), "a: m/p@1:26 > b::c");
    EXPECT_EQ(scanned("class a { class b { ::lab::secret('x') } $y = lab::secret('y') }"),
              "a: y@1:59; a::b: x@1:35");
    EXPECT_EQ(scanned("class a { if $x { $y = [lab::secret('x'), { k => lab::secret('y') }] } }"),
              "a: x@1:37 y@1:62");
    EXPECT_EQ(
        scanned("class a { $d = Deferred('lab::secret', ['x']) $e = Deferred.new('lab::secret', [\"y\"]) }"),
        "a: x@1:41 y@1:81");
    EXPECT_EQ(scanned("class a { file { 'f': class => 'x', content => lab::secret('x') } }"), "a: x@1:60");
}

TEST(Manifest, LinesBeforeTheFirstClassMayBeEmpty) {
    EXPECT_EQ(scanned("\n\nclass a { lab::secret('x') }"), "a: x@3:23");
    EXPECT_EQ(scanned("\n"), "");
}

TEST(Manifest, CommentsAndTextsCallForNothing) {
    EXPECT_EQ(scanned("class a { # lab::secret('x')\n /* lab::secret('y')\n lab::secret('z') */ }"), "a:");
    EXPECT_EQ(scanned("class a { $x = 'it\\'s lab::secret(\"y\")' }"), "a:");
    EXPECT_EQ(scanned("class a { $x = @(END)\n  lab::secret('x') ${lab::secret('y')}\n  | END\n $y = "
                      "lab::secret('z') }"),
              "a: z@4:19");
    EXPECT_EQ(scanned("class a { $x = \"a \\${lab::secret('x')} $y\" }"), "a:");
}

TEST(Manifest, WhatIsInterpolatedIsCode) {
    EXPECT_EQ(scanned("class a { $x = \"a ${lab::secret('x')} ${ {'k' => \"${lab::secret('y')}\"} } b\" }"),
              "a: x@1:33 y@1:65");
    EXPECT_EQ(scanned("class a { f(@(\"A\"/L), @(B)) # two\n${lab::secret('x')}\n|- A\nlab::secret('y')\nB\n "
                      "lab::secret('z') }"),
              "a: x@2:15 z@6:14");
    EXPECT_EQ(scanned("class a { $x = \"${lab::secret}\" }"), "a:"); // a variable
}

TEST(Manifest, SlashesDivideOrBeginExpressions) {
    EXPECT_EQ(scanned("class a { if $x =~ /it's {/ { lab::secret('x') } $y = $a / $b / lab::secret('y') }"),
              "a: x@1:43 y@1:77");
    EXPECT_EQ(scanned("node /^www\\/'\\d+$/ { }\nclass a { case $x { /'/: { lab::secret('x') } } }"),
              "a: x@2:40");
}

TEST(Manifest, ClassesBringOthers) {
    EXPECT_EQ(scanned("class a { include b\n contain 'c::d', ::e\n require(f, g)\n class { 'h': x => 1 }\n"
                      " class { ['i', 'j']: }\n file { 'k': require => Package['l'] } include $m, n }"),
              "a: > b c::d e f g h i j");
}

TEST(Manifest, WhatCannotBeKnownIsRefused) {
    EXPECT_EQ(scanned("class a { lab::secret($x) }"), "a: [x.pp:1:23 spec/puppet-secret]");
    EXPECT_EQ(scanned("class a { lab::secret(\"x/$y\") }"), "a: [x.pp:1:23 spec/puppet-secret]");
    EXPECT_EQ(scanned("class a { lab::secret 'x' }"), "a: [x.pp:1:11 spec/puppet-secret]");
    EXPECT_EQ(scanned("class a { lab::secret('x', 1) }"), "a: [x.pp:1:26 spec/puppet-secret]");
    EXPECT_EQ(scanned("class a { call('lab::secret', 'x') }"), "a: [x.pp:1:16 spec/puppet-secret]");
    EXPECT_EQ(scanned("class a { } lab::secret('x')"), "a: [x.pp:1:25 spec/puppet-secret]");
    EXPECT_EQ(scanned("define d { lab::secret('x') }"), " [x.pp:1:24 spec/puppet-secret]");
    EXPECT_EQ(scanned("function f::g() >> String { lab::secret('x') }"), " [x.pp:1:41 spec/puppet-secret]");
    EXPECT_EQ(scanned("class a { lab::secret('../x') }"), "a: [x.pp:1:23 spec/bad-name]");
}

TEST(Manifest, WhatHasNoEndIsRefused) {
    for (const std::string_view text :
         {"class a { 'x", "class a { \"x", "class a { \"${x", "class a { /* x", "class a { @(END)\nx",
          "class a { @()\n", "class a { @(A) 'x\ny'\nA\n"})
        EXPECT_NE(scanned(text).find("spec/puppet-syntax"), std::string::npos) << text;
    std::string deep;
    for (int i = 0; i < 100; ++i)
        deep += "\"${";
    EXPECT_EQ(scanned(deep), " [x.pp:1:50 spec/puppet-syntax]");
}

TEST(Manifest, ClassesAreWherePuppetLooks) {
    EXPECT_EQ(autoloaded_class("postgresql", "init.pp"), "postgresql");
    EXPECT_EQ(autoloaded_class("postgresql", "server/config.pp"), "postgresql::server::config");
    EXPECT_EQ(autoloaded_class("postgresql", "Server.pp"), "");
    EXPECT_EQ(autoloaded_class("postgresql", "x.txt"), "");
}

} // namespace
} // namespace lab::spec::detail
