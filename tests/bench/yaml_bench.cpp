// How fast YAML is read: MB/s of processor time for the scanner and the referee, over one large file and over
// many small ones. Usage: yaml_bench [servers]

#include "spec/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>

namespace {

using lab::spec::Document;

std::string server(std::size_t number, std::string_view indent) {
    return fmt::format("{0}web-{1}:\n"
                       "{0}  provider: baremetal\n"
                       "{0}  mac: \"52:54:00:{2:02x}:{3:02x}:{4:02x}\"\n"
                       "{0}  labels: [base, web, tier=front, rack-{5}]\n"
                       "{0}  environment: prod # the only one\n"
                       "{0}  region: eu-west\n"
                       "{0}  size: medium\n"
                       "{0}  layout: worker\n"
                       "{0}  params:\n"
                       "{0}    nginx: {{port: 443, workers: {6}}}\n"
                       "{0}    chrony: {{pool: \"ntp.example.com\", tls: true}}\n",
                       indent, number, number >> 16 & 255, number >> 8 & 255, number & 255, number % 40,
                       number % 16);
}

double seconds() {
    std::timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The median of five runs.
template <typename Work>
double median_of(Work work) {
    double times[5];
    for (double& time : times) {
        const double begin = seconds();
        work();
        time = seconds() - begin;
    }
    std::sort(std::begin(times), std::end(times));
    return times[2];
}

void parse(Document::Reader reader, const std::string& text) {
    lab::Diagnostics diagnostics;
    const auto document = Document::parse_with(reader, lab::FileName("bench.yaml"), text, diagnostics);
    LAB_CHECK(document && diagnostics.empty(), "the generated text is not taken");
}

void report(std::string_view what, std::size_t bytes, double time) {
    fmt::print("{:<34} {:8.2f} ms {:8.1f} MB/s\n", what, time * 1e3, static_cast<double>(bytes) / 1e6 / time);
}

} // namespace

int main(int argc, char** argv) {
    std::size_t servers = 10'000;
    if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), servers);
    std::vector<std::string> files;
    std::string large = "servers:\n";
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < servers; ++i) {
        files.push_back("servers:\n" + server(i, "  "));
        bytes += files.back().size();
        large += server(i, "  ");
    }
    const auto all_files = [&](Document::Reader reader) {
        return [&files, reader] {
            for (const std::string& file : files)
                parse(reader, file);
        };
    };
    using Reader = Document::Reader;
    fmt::print("{} servers\n", servers);
    report("scanner, a file each", bytes, median_of(all_files(Reader::ScannerOnly)));
    report("referee, a file each", bytes, median_of(all_files(Reader::RefereeOnly)));
    report("scanner, one file", large.size(), median_of([&] { parse(Reader::ScannerOnly, large); }));
    report("referee, one file", large.size(), median_of([&] { parse(Reader::RefereeOnly, large); }));
    return 0;
}
