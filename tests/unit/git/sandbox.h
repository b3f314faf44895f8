#pragma once
// A folder of its own with real git repositories in it, gone at the end of the test.

#include "support/files.h"
#include "support/process.h"
#include "support/text.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace lab::git {

class Sandbox {
  public:
    Sandbox() {
        std::string name = (std::filesystem::temp_directory_path() / "lab-git-XXXXXX").string();
        if (!::mkdtemp(name.data())) std::abort();
        path_ = std::filesystem::canonical(name);
    }
    ~Sandbox() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    const std::filesystem::path& path() const { return path_; }

    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        const auto written = write_file_atomic(path_ / name, text, {.durable = false});
        ASSERT_TRUE(written) << written.error().text();
    }

    /// Runs git in `folder` of the sandbox; its output without the final newline.
    std::string git(const std::string& folder, std::vector<std::string> arguments) const {
        Command command{.argv = {"env", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
                                 "GIT_AUTHOR_DATE=1770000000 +0000", "GIT_COMMITTER_DATE=1770000000 +0000",
                                 "git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c",
                                 "protocol.file.allow=always"},
                        .directory = (path_ / folder).string()};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        const auto result = run(command);
        EXPECT_TRUE(result && result->ok()) << (result ? result->err : result.error().text());
        return result ? std::string(trim(result->out)) : std::string();
    }

    /// A repository in `folder` with everything in it committed.
    std::string commit_all(const std::string& folder, const std::string& subject) const {
        if (!std::filesystem::exists(path_ / folder / ".git")) git(folder, {"init", "-q", "-b", "main"});
        git(folder, {"add", "-A"});
        git(folder, {"commit", "-q", "--allow-empty", "-m", subject});
        return git(folder, {"rev-parse", "HEAD"});
    }

  private:
    std::filesystem::path path_;
};

} // namespace lab::git
