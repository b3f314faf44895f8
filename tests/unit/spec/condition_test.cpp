#include "spec/condition.h"

#include "spec/alert.h"
#include "support/units.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lab::spec {
namespace {

std::string said(std::string_view text) {
    const auto parsed = parse_condition(text);
    if (const auto* condition = std::get_if<Condition>(&parsed)) return to_text(*condition);
    const auto& problem = std::get<ConditionProblem>(parsed);
    return std::to_string(problem.column) + "+" + std::to_string(problem.length) + ": " + problem.message;
}

TEST(Condition, IsWrittenInOneSpelling) {
    EXPECT_EQ(said("mail_queue_length>1000"), "mail_queue_length > 1000");
    EXPECT_EQ(said("a > 1 or b > 2 and not c == 0"), "a > 1 or b > 2 and not c == 0");
    EXPECT_EQ(said("(a > 1 or b > 2) and c > 3"), "(a > 1 or b > 2) and c > 3");
    EXPECT_EQ(said("not (a > 1 and (b < 2))"), "not (a > 1 and b < 2)");
    EXPECT_EQ(said("a - (b - c) - d >= -e * (f + 2)"), "a - (b - c) - d >= -e * (f + 2)");
    EXPECT_EQ(said("disk { mount = '/var' , type!=\"tmpfs\", }<0.5"),
              "disk{mount=\"/var\", type!=\"tmpfs\"} < 0.5");
    EXPECT_EQ(said("node:cpu:rate5m != 0"), "node:cpu:rate5m != 0");
}

TEST(Condition, UnitsCountSecondsAndBytes) {
    const auto number = [](std::string_view text) {
        const auto parsed = parse_condition("a > " + std::string(text));
        return std::get<Condition>(parsed).parts[1].number;
    };
    EXPECT_EQ(number("30d"), 30 * 86400);
    EXPECT_EQ(number("500ms"), 0.5);
    EXPECT_EQ(number("8GB"), 8e9);
    EXPECT_EQ(number("1GiB"), 1073741824);
    EXPECT_EQ(number("0.25"), 0.25);
}

TEST(Condition, WhatCannotBeMeantIsSaidAtItsPlace) {
    EXPECT_EQ(said(""), "1+1: the condition ends too early");
    EXPECT_EQ(said("a >"), "4+1: the condition ends too early");
    EXPECT_EQ(said("a + 1"), "1+5: this is a number, and an alert needs a comparison");
    EXPECT_EQ(said("1 < 2"), "1+5: this compares numbers, and looks at no metric");
    EXPECT_EQ(said("a > 1 and b"), "11+1: this is a number where a comparison is wanted");
    EXPECT_EQ(said("(a > 1) + 2 > 3"), "1+7: this is a comparison where a number is wanted");
    EXPECT_EQ(said("a > 1 > 2"), "7+1: '>' is not expected here");
    EXPECT_EQ(said("ä > 1"), "1+1: 'ä' is not expected here");
    EXPECT_EQ(said("a{b=c} > 1"), "5+1: 'c' is not expected here");
    EXPECT_EQ(said("a > 5parsecs"), "5+8: '5parsecs' is no number");
    EXPECT_EQ(said("a > 80%"), "7+1: '%' is not expected here");
    EXPECT_EQ(said("a > 1/0"), "7+1: this is zero, and nothing is divided by it");
    EXPECT_EQ(said("a / -(2 - 1 * 2) > 1"), "5+12: this is zero, and nothing is divided by it");
    EXPECT_EQ(said("a > 1)"), "6+1: ')' is not expected here");
    EXPECT_EQ(said("and > 1"), "1+3: 'and' is not expected here");
}

TEST(Condition, IsBounded) {
    EXPECT_EQ(said(std::string(40, '(') + "a > 1" + std::string(40, ')')),
              "34+1: the condition has more than 32 levels");
    EXPECT_EQ(said(std::string(1001, 'a')), "1+1: the condition is longer than 1000 bytes");
    std::string chain = "a > 1";
    for (int i = 0; i < 40; ++i)
        chain += " or a > 1";
    EXPECT_NE(said(chain).find("more than 32 levels"), std::string::npos);
}

TEST(Condition, NamesItsMetrics) {
    const auto parsed = parse_condition("b / a > 0.9 and not a == 0");
    EXPECT_EQ(metrics_of(std::get<Condition>(parsed)), (std::vector<std::string>{"a", "b"}));
}

TEST(Catalogue, IsSortedWholeAndReadable) {
    const auto catalogue = alert_catalogue();
    EXPECT_TRUE(std::is_sorted(catalogue.begin(), catalogue.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
    for (const CatalogueEntry& entry : catalogue) {
        EXPECT_EQ(catalogue_alert(entry.name).front().condition.empty(), false) << entry.name;
        if (entry.condition.empty()) continue;
        EXPECT_EQ(&catalogue_alert(entry.name).front(), &entry) << entry.name << " says what it is twice";
        EXPECT_EQ(said(entry.condition), entry.condition);
        EXPECT_TRUE(parse_duration(entry.lasting)) << entry.name;
        EXPECT_FALSE(entry.summary.empty()) << entry.name;
    }
    EXPECT_TRUE(catalogue_alert("nothing").empty());
}

} // namespace
} // namespace lab::spec
