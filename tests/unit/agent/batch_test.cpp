#include "agent/batch.h"
#include "scratch_tree.h"

namespace lab::agent {
namespace {

class BatchTest : public ScratchTree {
  protected:
    /// What is answered to `requests`, event by event.
    std::vector<Value> batch(const std::string& requests) {
        int in[2], out[2];
        EXPECT_EQ(::pipe(in), 0);
        EXPECT_EQ(::pipe(out), 0);
        Descriptor ends[] = {Descriptor(in[0]), Descriptor(out[1]), Descriptor(out[0])};
        EXPECT_TRUE(write_all(in[1], requests));
        ::close(in[1]);
        EXPECT_TRUE(run_batch({.in = in[0], .out = out[1]}, system_clock(), {}));
        ends[1] = Descriptor();
        std::string text;
        char bytes[4096];
        for (ssize_t got = 0; (got = ::read(out[0], bytes, sizeof bytes)) > 0;)
            text.append(bytes, static_cast<std::size_t>(got));
        std::vector<Value> events;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            events.push_back(parse_json(line).value());
        return events;
    }
    std::string request(int id, const std::string& mode, const std::string& resources,
                        bool create = false) const {
        return write_json(ValueMap{{"format", "lab.agent-request/1"},
                                   {"id", id},
                                   {"mode", mode},
                                   {"root", root_.string()},
                                   {"create", create},
                                   {"desired", api::to_value(desired(resources))}}) +
               "\n";
    }
    static std::string member(const Value& event, std::string_view key) {
        return event.get(key) ? display(*event.get(key)) : "";
    }
};

TEST_F(BatchTest, AnswersEachRequestWithItsId) {
    std::filesystem::remove(root_);
    const std::string file = R"([{"type":"file","name":"/a","properties":{"content":"x"}}])";
    const auto events = batch(request(1, "check", file) + request(2, "apply", file, true) + "\n" +
                              "not json\n" + R"({"format":"lab.agent-request/1","id":3,"mode":"guess"})" +
                              "\n" + request(4, "check", file) + request(5, "destroy", "[]"));
    std::string seen;
    for (const Value& event : events) {
        seen += member(event, "id") + " " + member(event, "event") + " " + member(event, "status");
        if (const Value* error = event.get("error")) seen += member(*error, "code");
        seen += "\n";
    }
    EXPECT_EQ(seen, "1 error not_found\n"
                    "2 progress running\n"
                    "2 progress changed\n"
                    "2 report \n"
                    "null error invalid\n"
                    "3 error invalid\n"
                    "4 report \n"
                    "5 report \n");
    EXPECT_FALSE(std::filesystem::exists(root_));
    const auto report = api::report_from_value(*events[6].get("report"));
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(outcomes(report), "ok file/a");
    EXPECT_EQ(report->server_id, "s1");
}

TEST_F(BatchTest, FactsAreThoseOfTheTree) {
    put("etc/os-release", "ID=lunar\nVERSION_ID=7\n");
    const auto events = batch(request(1, "facts", "[]"));
    ASSERT_EQ(events.size(), 1u);
    const Value* facts = events[0].get("report")->get("facts");
    EXPECT_EQ(*facts->get("os")->get("id"), Value("lunar"));
    EXPECT_NE(facts->get("cpu"), nullptr) << "the hardware is the machine's that holds it";
}

} // namespace
} // namespace lab::agent
