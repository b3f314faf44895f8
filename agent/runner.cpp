#include "agent/runner.h"

#include "api/resource_diff.h"
#include "support/text.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::agent {
namespace {

using api::PropertyChange;
using api::Resource;
using api::ResourceReport;
using api::ResourceStatus;
using Changes = std::vector<PropertyChange>;

const Handler& handler_of(const Resource& resource) {
    for (const auto& handler : handlers())
        if (handler->type() == resource.type) return *handler;
    check_failed(__FILE__, __LINE__, "handler", "a resource type has no handler");
}

bool acts_on_notify(std::string_view id) {
    const api::ResourceType* type = api::find_resource_type(id.substr(0, id.find('/')));
    return type && type->acts_on_notify;
}

/// "mode is 0600, not 0644": why an apply that reported success did not work.
std::string still_different(const Changes& changes) {
    std::vector<std::string> parts;
    for (const PropertyChange& change : changes) {
        if (change.path.empty()) {
            parts.emplace_back("there is still something to run");
        } else if (change.before.if_map() || change.after.if_map() || !change.diff.empty()) {
            parts.push_back(fmt::format("'{}' is another", change.path));
        } else {
            parts.push_back(fmt::format("'{}' is {}, not {}", change.path,
                                        escape_controls(display(change.before)),
                                        escape_controls(display(change.after))));
        }
    }
    return fmt::format("it was applied, but then {}", fmt::join(parts, " and "));
}

std::string reason_of(const Error& error) {
    return error.hint.empty() ? error.text() : fmt::format("{}; {}", error.text(), error.hint);
}

bool quotes(const std::string& text, const Value& value) {
    if (const std::string* words = value.if_string())
        return !words->empty() && (text.find(*words) != std::string::npos ||
                                   text.find(escape_controls(*words)) != std::string::npos);
    if (const ValueList* list = value.if_list())
        return std::any_of(list->begin(), list->end(), [&](const Value& item) { return quotes(text, item); });
    if (const ValueMap* map = value.if_map())
        return std::any_of(map->begin(), map->end(),
                           [&](const auto& entry) { return quotes(text, entry.second); });
    return false;
}

/// What failed, without what may not leave the machine.
std::string reason_of(const Resource& resource, const Error& error) {
    const std::string reason = reason_of(error);
    const api::ResourceType* type = api::find_resource_type(resource.type);
    const bool is_private = api::is_private(resource);
    for (const auto& [name, value] : resource.properties) {
        const api::PropertySchema* property = type ? api::find_property(*type, name) : nullptr;
        if (property && property->is_hidden(resource.sensitive, is_private) && quotes(reason, value))
            return fmt::format("it failed, and why is withheld, because it quotes the private '{}'", name);
    }
    return reason;
}

class Run {
  public:
    Run(const api::Desired& desired, Host& host, Records& records, const Clock& clock,
        const RunOptions& options)
        : desired_(desired), host_(host), records_(records), clock_(clock), options_(options) {}

    RunResult run() {
        const auto order = api::run_order(desired_.resources);
        LAB_CHECK(order.has_value(), "a document whose edges do not fit was not refused when it was read");
        RunResult result;
        result.resources.resize(desired_.resources.size());
        for (const Resource& resource : desired_.resources)
            for (const std::string& target : resource.notify)
                notifiers_[target].push_back(resource.id());
        for (const std::size_t index : *order) {
            const Resource& resource = desired_.resources[index];
            result.resources[index] = step(resource);
            const ResourceStatus status = result.resources[index].status;
            if (options_.apply && (status == ResourceStatus::Ok || status == ResourceStatus::Changed))
                result.as_wanted.push_back(&resource);
        }
        result.interrupted = interrupted_;
        return result;
    }

  private:
    ResourceReport step(const Resource& resource) {
        const SteadyTime begin = clock_.steady();
        const std::string id = resource.id();
        ResourceReport report{.id = id};
        if (options_.stop.stop_requested()) {
            interrupted_ = true;
            report.status = ResourceStatus::Skipped;
            report.reason = "interrupted";
        } else if (const std::string* failed = failed_before(resource)) {
            report.status = ResourceStatus::Skipped;
            report.reason = fmt::format("depends on '{}', which failed", *failed);
            failed_.emplace(id, *failed);
        } else {
            tell(id, "running");
            run_one(resource, report);
            if (report.status == ResourceStatus::Failed) failed_.emplace(id, id);
        }
        report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - begin);
        tell(id, to_string(report.status));
        return report;
    }

    void tell(std::string_view id, std::string_view status) const {
        if (options_.apply && options_.progress) options_.progress(id, status);
    }

    /// The resource at whose failure this one must not run.
    const std::string* failed_before(const Resource& resource) const {
        const auto among = [&](const std::vector<std::string>& ids) -> const std::string* {
            for (const std::string& id : ids)
                if (const auto found = failed_.find(id); found != failed_.end()) return &found->second;
            return nullptr;
        };
        if (const std::string* failed = among(resource.after)) return failed;
        const auto notifiers = notifiers_.find(resource.id());
        return notifiers == notifiers_.end() ? nullptr : among(notifiers->second);
    }

    static void end(ResourceReport& report, ResourceStatus status, std::string reason) {
        report.status = status;
        report.reason = std::move(reason);
    }

    void run_one(const Resource& written, ResourceReport& report) {
        const api::ResourceType* type = api::find_resource_type(written.type);
        LAB_CHECK(type != nullptr, "a resource of an unknown type was not refused when it was read");
        if (type->needs_live_system && !host_.live)
            return end(report, ResourceStatus::Skipped, "needs a live system");
        auto resource = api::with_facts(written, host_.facts);
        if (!resource) return end(report, ResourceStatus::Failed, reason_of(resource.error()));
        if (!*resource) return skip_unwanted(report);
        if (auto spared = api::spares_records(**resource); !spared)
            return end(report, ResourceStatus::Failed, reason_of(spared.error()));
        look(**resource, report);
    }

    /// Its condition is false: it is not managed, so there is nothing it could be told.
    void skip_unwanted(ResourceReport& report) {
        end(report, ResourceStatus::Skipped, "its 'when' is false");
        if (!options_.apply) return;
        if (auto settled = records_.settle({report.id}); !settled)
            end(report, ResourceStatus::Failed, reason_of(settled.error()));
    }

    void look(const Resource& resource, ResourceReport& report) {
        auto observed = handler_of(resource).observe(resource, host_);
        if (!observed) {
            const bool cannot_tell = observed.error().code == ErrorCode::Unsupported && !options_.apply;
            return end(report, cannot_tell ? ResourceStatus::Skipped : ResourceStatus::Failed,
                       reason_of(resource, observed.error()));
        }
        const Changes own = api::diff_resource(resource, *observed, desired_.key);
        // In a check the notifiers have only said that they would change; that is no fact about the machine.
        const bool owes = acts_on_notify(report.id) && records_.owes(report.id);
        const bool told = owes || told_.contains(report.id);
        Changes all = own;
        if (told) {
            ValueMap with_notice = *observed;
            with_notice.append("owed", true);
            all = api::diff_resource(resource, with_notice, desired_.key);
        }
        const bool notice = all.size() > own.size();
        if (owes) observed->append("owed", true);
        report.changes = std::move(all);
        report.notified = told && !report.changes.empty();
        if (!options_.apply) {
            report.observed = api::shown_properties(resource, *std::move(observed), desired_.key);
            report.status = report.changes.empty() ? ResourceStatus::Ok : ResourceStatus::Drifted;
            if (!report.changes.empty()) tell_targets(resource);
            return;
        }
        change(resource, *std::move(observed), own, notice, report);
        if (owes && report.status != ResourceStatus::Failed) settle(report);
    }

    void tell_targets(const Resource& resource) {
        for (const std::string& target : resource.notify)
            if (acts_on_notify(target) && host_.live) told_.insert(target);
    }

    void settle(ResourceReport& report) {
        if (auto settled = records_.settle({report.id}); !settled)
            return end(report, ResourceStatus::Failed, reason_of(settled.error()));
        report.observed.erase("owed");
    }

    void change(const Resource& resource, ValueMap before, const Changes& own, bool notice,
                ResourceReport& report) {
        const auto show = [&](ValueMap observed) {
            report.observed = api::shown_properties(resource, std::move(observed), desired_.key);
        };
        if (report.changes.empty()) {
            show(std::move(before));
            return end(report, ResourceStatus::Ok, "");
        }
        auto newly_owed = owe_targets(resource);
        if (!newly_owed) {
            show(std::move(before));
            return end(report, ResourceStatus::Failed, reason_of(resource, newly_owed.error()));
        }
        auto error = make_so(resource, before, own, notice);
        auto after = handler_of(resource).observe(resource, host_);
        if (!error && after && !own.empty()) {
            const Changes left = api::diff_resource(resource, *after, desired_.key);
            if (!left.empty()) error = Error{.code = ErrorCode::Conflict, .message = still_different(left)};
        }
        if (!error && !after) error = after.error();
        if (error) {
            // What did not move at all has nothing to tell. A command may have changed anything.
            before.erase("owed");
            const bool untouched = resource.type != "command" && after && *after == before;
            if (untouched && !newly_owed->empty()) static_cast<void>(records_.settle(*newly_owed));
            if (after) show(*std::move(after));
            return end(report, ResourceStatus::Failed, reason_of(resource, *error));
        }
        show(*std::move(after));
        end(report, ResourceStatus::Changed, "");
    }

    std::optional<Error> make_so(const Resource& resource, const ValueMap& before, const Changes& own,
                                 bool notice) {
        const Handler& handler = handler_of(resource);
        if (!own.empty()) {
            auto applied = handler.apply(resource, before, host_);
            if (!applied) return std::move(applied).error();
        }
        if (notice) {
            auto refreshed = handler.refresh(resource, host_);
            if (!refreshed) return std::move(refreshed).error();
        }
        return std::nullopt;
    }

    Result<std::vector<std::string>> owe_targets(const Resource& resource) {
        std::vector<std::string> targets;
        if (host_.live)
            std::copy_if(resource.notify.begin(), resource.notify.end(), std::back_inserter(targets),
                         acts_on_notify);
        return records_.owe(targets, resource.id());
    }

    const api::Desired& desired_;
    Host& host_;
    Records& records_;
    const Clock& clock_;
    const RunOptions& options_;
    std::unordered_map<std::string, std::vector<std::string>> notifiers_; // of each target
    std::unordered_map<std::string, std::string>
        failed_;                           // failed or skipped for it: the resource that failed first
    std::unordered_set<std::string> told_; // in a check: targets whose notifiers would change
    bool interrupted_ = false;
};

} // namespace

RunResult run_resources(const api::Desired& desired, Host& host, Records& records, const Clock& clock,
                        const RunOptions& options) {
    return Run(desired, host, records, clock, options).run();
}

} // namespace lab::agent
