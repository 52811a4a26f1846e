#include "app/admin_probes.hpp"

#include <array>

#include "app/admin_keys.hpp"
#include "app/audit.hpp"
#include "app/flush.hpp"
#include "app/probe_crew.hpp"
#include "app/readiness.hpp"
#include "keys/probe_record.hpp"

namespace edgepool::app {
namespace {

using json::Json;
using json::Writer;
using Standing = verdict::ProbeReading::Standing;

constexpr double kAheadMs = 60'000;

bool is_id(std::string_view text) { return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// Begins the arguments of pool_keys_export.
Writer page_arguments(const ProviderState& state, const std::string& cursor, std::size_t budget) {
    Writer arguments = arguments_for(state);
    arguments.add_integer("limit", static_cast<std::int64_t>(budget));
    if (!cursor.empty()) arguments.add_string("after", cursor);
    return arguments;
}

// The named keys' ids; nothing when none are named. Error: bad_request.
Result<std::string> ids_of(const Json& body) {
    const auto member = body.find("ids");
    if (member == body.end() || member->is_null()) return std::string();
    Writer ids;
    ids.begin_array();
    const bool is_list = member->is_array() && !member->empty() && member->size() <= limits::kMostNamedKeys;
    for (std::size_t i = 0; is_list && i < member->size(); ++i) {
        const Json& id = (*member)[i];
        if (!id.is_string() || !is_id(id.get_ref<const std::string&>())) return fail(ErrorCode::bad_request, "ids must be ids of keys", "ids");
        ids.string(id.get_ref<const std::string&>());
    }
    if (!is_list) return fail(ErrorCode::bad_request, "ids must be an array of ids of keys, 1 to " + std::to_string(limits::kMostNamedKeys), "ids");
    return ids.end_array().take();
}

void add_cursor(Writer& out, const std::string& cursor) {
    if (cursor.empty()) out.add_null("cursor");
    else out.add_string("cursor", cursor);
}

// Sets or removes `ids`, an array as JSON; nothing is asked of the database for an empty one.
Task<Result<std::monostate>> act_on(Exchange& exchange, const ProviderState& state, std::string_view function, std::string ids, AuditNote note) {
    if (ids == "[]") co_return std::monostate{};
    Writer arguments = arguments_for(state);
    arguments.add_raw("ids", ids);
    if (function == "pool_keys_set") arguments.add_string("status", "active");
    add_audit(arguments, exchange, note);
    const Result<Json> answer = co_await admin_database(exchange, function, std::move(arguments));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    co_return std::monostate{};
}

bool is_good(Standing standing) { return standing == Standing::good || standing == Standing::spent; }

// What health checks report and record.
std::string checked_body(App& app, ProviderState& state, const ProbePage& page, const std::vector<ProbeJob>& asked, const std::string& named) {
    std::vector<keys::VerdictRecord> records;
    std::array<std::int64_t, 6> by_standing{};
    Writer rows;
    rows.begin_array();
    for (const ProbeJob& job : asked) {
        ++by_standing[static_cast<std::size_t>(job.reading.standing)];
        auto record = keys::probe_record(job.reading, job.id, job.refusals, app.now_ms);
        const bool lifts = job.reading.standing == Standing::good && job.status != "active";
        if (record && (!lifts || !named.empty())) records.push_back(std::move(*record));
        if (job.reading.standing == Standing::good) continue;
        rows.begin_object().add_string("id", job.id).add_string("standing", verdict::standing_name(job.reading.standing));
        rows.add_string("reason", job.reading.reason).end_object();
    }
    state.counts.add_verdicts(std::move(records));
    Writer out;
    out.begin_object().add_boolean("success", true).add_integer("checked", static_cast<std::int64_t>(asked.size()));
    out.add_integer("skipped", static_cast<std::int64_t>(page.jobs.size()));
    for (std::size_t i = 0; i < by_standing.size(); ++i) out.add_integer(verdict::standing_name(static_cast<Standing>(i)), by_standing[i]);
    out.add_raw("notGood", rows.end_array().take());
    add_cursor(out, page.cursor);
    return out.take();
}

}  // namespace

Result<std::string> cursor_of(const Json& body) {
    const auto member = body.find("cursor");
    if (member == body.end() || member->is_null()) return std::string();
    const auto cursor = json::get_string(body, "cursor");
    if (!cursor || !is_id(*cursor)) return fail(ErrorCode::bad_request, "cursor must be what the call before has answered", "cursor");
    return *cursor;
}

Task<AdminAnswer> check_keys(Exchange& exchange, AdminCall& call) {
    ProviderState& state = *call.state;
    const Result<std::string> cursor = cursor_of(call.body);
    if (!cursor) co_return tl::unexpected<Error>(cursor.error());
    const Result<std::string> named = ids_of(call.body);
    if (!named) co_return tl::unexpected<Error>(named.error());
    Writer arguments = page_arguments(state, *cursor, limits::kProbesPerCall);
    if (!named->empty()) arguments.add_raw("ids", *named);
    const Result<Json> exported = co_await admin_database(exchange, "pool_keys_export", std::move(arguments));
    if (!exported) co_return tl::unexpected<Error>(exported.error());
    ProbePage page = probe_page(*exported);
    std::vector<ProbeJob> jobs;
    std::erase_if(page.jobs, [&](ProbeJob& job) {
        const bool is_asked = !state.provider->probe_path.empty() && (!named->empty() || job.status == "active" || job.status == "failed");
        if (is_asked) jobs.push_back(std::move(job));
        return is_asked;
    });
    const Result<std::monostate> probed = co_await probe_all(exchange, call, state, jobs);
    if (!probed) co_return tl::unexpected<Error>(probed.error());
    std::string body = checked_body(exchange.app, state, page, jobs, *named);
    co_await flush_now(exchange.app, exchange.session, state);
    co_await reload_now(exchange, state);
    co_return body + ",\"usable\":" + std::to_string(state.usable) + ",\"total\":" + std::to_string(state.total) + "}";
}

Task<Result<Validation>> validate_held(Exchange& exchange, AdminCall& call, ProviderState& state, std::string cursor, std::size_t budget) {
    Writer arguments = page_arguments(state, cursor, budget);
    arguments.add_string("reason", kAwaitingValidation);
    const Result<Json> exported = co_await admin_database(exchange, "pool_keys_export", std::move(arguments));
    if (!exported) co_return tl::unexpected<Error>(exported.error());
    ProbePage page = probe_page(*exported);
    const Result<std::monostate> probed = co_await probe_all(exchange, call, state, page.jobs);
    if (!probed) co_return tl::unexpected<Error>(probed.error());
    Validation validation;
    Writer good, bad;
    good.begin_array();
    bad.begin_array();
    validation.refused.begin_array();
    for (const ProbeJob& job : page.jobs) {
        ++validation.checked;
        if (job.reading.standing == Standing::unknown) {
            ++validation.unknown;
        } else if (is_good(job.reading.standing)) {
            ++validation.valid;
            good.string(job.id);
        } else {
            bad.string(job.id);
            validation.refused.begin_object().add_string("id", job.id).add_string("reason", job.reading.reason).end_object();
        }
    }
    validation.refused.end_array();
    validation.cursor = page.cursor;
    Result<std::monostate> acted = co_await act_on(exchange, state, "pool_keys_set", good.end_array().take(), {"keys.validate"});
    if (acted) acted = co_await act_on(exchange, state, "pool_keys_remove", bad.end_array().take(), {"keys.refuse"});
    if (!acted) co_return tl::unexpected<Error>(acted.error());
    std::vector<keys::VerdictRecord> records;
    for (const ProbeJob& job : page.jobs) {
        // Later than the stamp that going into service has just left; the database takes what is ahead of its clock for now.
        auto record = is_good(job.reading.standing) ? keys::probe_record(job.reading, job.id, 0, exchange.app.now_ms + kAheadMs) : std::nullopt;
        if (record) records.push_back(std::move(*record));
    }
    state.counts.add_verdicts(std::move(records));
    co_await flush_now(exchange.app, exchange.session, state);
    co_return validation;
}

}  // namespace edgepool::app
