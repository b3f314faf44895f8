#pragma once
// A tree of its own for each test, and documents applied to it.

#include "agent/answer.h"
#include "api/resource_types.h"
#include "support/json.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace lab::agent {

class ScratchTree : public testing::Test {
  protected:
    ScratchTree() {
        std::string pattern = (std::filesystem::temp_directory_path() / "lab-agent-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        root_ = folder_ / "root";
        std::filesystem::create_directory(root_);
    }
    ~ScratchTree() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    Tree tree() const { return Tree::open(root_.string()).value(); }

    std::string text(const std::string& path) const {
        std::ifstream file(root_ / path);
        std::stringstream out;
        out << file.rdbuf();
        return out.str();
    }
    void put(const std::string& path, std::string_view bytes) const {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << bytes;
    }

    static api::Desired desired(std::string_view resources) {
        auto read = api::read_desired(
            R"({"format":"lab.desired/1","server":"web","server_id":"s1","inventory":"shop",)"
            R"("key":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=","resources":)" +
            std::string(resources) + "}");
        EXPECT_TRUE(read) << read.error().text();
        return *std::move(read);
    }

    Result<api::Report> ask(Mode mode, std::string_view resources, const AnswerOptions& options = {}) {
        Request request{.mode = mode, .root = root_.string()};
        request.desired = desired(resources);
        auto report = answer(std::move(request), facts_, system_clock(), options);
        if (report) expect_recordable(*report);
        return report;
    }
    /// What agents report is what a recording may hold.
    static void expect_recordable(const api::Report& report) {
        for (const auto& resource : report.resources) {
            const auto* type = api::find_resource_type(resource.id.substr(0, resource.id.find('/')));
            ASSERT_NE(type, nullptr) << resource.id;
            for (const auto& [name, value] : resource.observed) {
                const auto* property = api::find_observed(*type, name);
                ASSERT_NE(property, nullptr) << resource.id << ' ' << name;
                const auto fit = api::normalise_observed(*type, *property, value);
                EXPECT_TRUE(fit) << resource.id << ": " << fit.error().message;
            }
        }
    }
    /// "ok file//a | failed file//b: why": what became of each resource.
    static std::string outcomes(const Result<api::Report>& report) {
        if (!report) return "error: " + report.error().text();
        std::string out;
        for (const auto& resource : report->resources) {
            if (!out.empty()) out += " | ";
            out += std::string(to_string(resource.status)) + " " + resource.id;
            if (!resource.reason.empty()) out += ": " + resource.reason;
        }
        return out;
    }
    std::string check(std::string_view resources) { return outcomes(ask(Mode::Check, resources)); }
    std::string apply(std::string_view resources) { return outcomes(ask(Mode::Apply, resources)); }

    std::filesystem::path folder_, root_;
    MachineFacts facts_{ValueMap{{"cpu", ValueMap{{"cores", 4}}}}};
};

} // namespace lab::agent
