#include "app/probe_crew.hpp"

#include <algorithm>
#include <memory>

#include "app/answer_stream.hpp"
#include "app/probe.hpp"

namespace edgepool::app {
namespace {

using json::Json;

constexpr std::uint32_t kTellEveryMs = 500;

// Shared by the crew's flows: they may outlive the request that is served.
struct Crew {
    std::vector<ProbeJob> jobs;
    std::size_t next = 0;
    std::size_t done = 0;
    bool is_called_off = false;
};

Task<void> probe_in_turn(App& app, host::Session& session, const ProviderState& state, std::shared_ptr<Crew> crew) {
    while (!crew->is_called_off && crew->next < crew->jobs.size()) {
        const std::size_t mine = crew->next++;
        verdict::ProbeReading reading = co_await probe_key(app, session, state, crew->jobs[mine].secret);
        crew->jobs[mine].reading = std::move(reading);
        ++crew->done;
    }
}

std::string progress_of(const Crew& crew) {
    json::Writer out;
    out.begin_object().add_integer("done", static_cast<std::int64_t>(crew.done)).add_integer("total", static_cast<std::int64_t>(crew.jobs.size()));
    return out.end_object().take();
}

}  // namespace

ProbePage probe_page(const Json& exported) {
    ProbePage page;
    const Json* rows = rows_of(exported, "keys");
    for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
        const Json& row = (*rows)[i];
        ProbeJob job;
        job.id = json::get_string(row, "id").value_or("");
        job.secret = json::get_string(row, "key").value_or("");
        job.status = json::get_string(row, "status").value_or("");
        job.refusals = static_cast<int>(json::get_int(row, "refusals").value_or(0));
        page.jobs.push_back(std::move(job));
    }
    page.cursor = json::get_string(exported, "next").value_or("");
    return page;
}

Task<Result<std::monostate>> probe_all(Exchange& exchange, AdminCall& call, const ProviderState& state, std::vector<ProbeJob>& jobs) {
    App& app = exchange.app;
    const std::shared_ptr<Crew> crew = std::make_shared<Crew>();
    crew->jobs = std::move(jobs);
    for (std::size_t i = 0; i < std::min(limits::kProbesAtOnce, crew->jobs.size()); ++i) {
        app.spawn([&](host::Session& session) { return probe_in_turn(app, session, state, crew); });
    }
    Result<std::monostate> told = co_await send_progress(exchange, call, progress_of(*crew));
    while (told && crew->done < crew->jobs.size()) {
        const host::Outcome joined = co_await exchange.session.perform(host::Join{kTellEveryMs});
        if (joined.status == host::Status::ok) break;
        if (joined.status == host::Status::client_gone) told = fail(ErrorCode::client_gone, "the client has left");
        else told = co_await send_progress(exchange, call, progress_of(*crew));
    }
    crew->is_called_off = !told;
    if (told) jobs = std::move(crew->jobs);
    co_return told;
}

}  // namespace edgepool::app
