// An administration answer that goes out while the work goes on: progress as NDJSON for whoever asks for it, or an export page by page.
// The route sends pieces; serve_admin() ends what was begun. Before the first piece nothing has gone out, and an error is a plain answer.
#pragma once

#include <string>
#include <string_view>

#include "app/admin.hpp"

namespace edgepool::app {

// The caller has said "Accept: application/x-ndjson".
bool wants_progress(const Exchange& exchange);

// Sends {"progress": `members`} as a line; does nothing for a caller who did not ask. Error: client_gone.
Task<Result<std::monostate>> send_progress(Exchange& exchange, AdminCall& call, std::string members);

// Sends a piece of an export; `headers` go out with the first one. Error: client_gone.
Task<Result<std::monostate>> send_page(Exchange& exchange, AdminCall& call, std::string bytes, const Headers& headers);

// Ends what has been begun. Lines: {"result": answer} or {"error", "code"}. Pages: the answer is the last piece; after an error the
// connection is cut, so that nobody takes half an export for a whole one.
Task<void> end_stream(Exchange& exchange, const AdminCall& call, AdminAnswer answer);

}  // namespace edgepool::app
