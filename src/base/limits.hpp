// Every bound of the core, each with its reason. Tests meet each one at the limit and one past it.
// What an operator may change lives in config/; what is here protects the isolate itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edgepool::limits {

// Requests
inline constexpr std::size_t kDefaultMaxBodyBytes = 25u << 20;   // contract: 25 MiB
inline constexpr std::size_t kHighestMaxBodyBytes = 32u << 20;   // the body is copied once into 64 MiB of Wasm memory
inline constexpr std::size_t kMaxHeaderBytes = 64u << 10;        // all request headers together; far above any client's
inline constexpr std::size_t kMaxHeaders = 256;
inline constexpr std::size_t kMaxUrlBytes = 8u << 10;
inline constexpr std::size_t kMaxModelBytes = 256;               // a model name is a counter's key: keep it small
inline constexpr std::size_t kMaxTokenBytes = 512;

// JSON
inline constexpr std::size_t kMaxJsonDepth = 1000;               // nlohmann's dump recurses; 3,000 is safe, this is safer
inline constexpr std::size_t kMaxJsonTreeValues = 250'000;       // 16 to 60 bytes each beside the text, in 64 MiB; the largest page has 40,000

// Attempts
inline constexpr std::uint32_t kDefaultMaxAttempts = 4;
inline constexpr std::uint32_t kHighestMaxAttempts = 10;         // 50 subrequests are the free plan's whole budget
inline constexpr std::size_t kMaxAttemptsInAll = 20;             // the same budget, where MODEL_FALLBACKS gives each model its attempts

// Models
inline constexpr std::size_t kMaxModelRows = 500;                // in MODEL_ALIASES or MODEL_FALLBACKS: walked for each request
inline constexpr std::size_t kMaxFallbacks = 5;                  // for one model: each is a request's patience and subrequests

// Upstream answers
inline constexpr std::size_t kMaxErrorBodyBytes = 64u << 10;     // what is read of an error answer in order to judge it
inline constexpr std::size_t kMaxHeldAnswerBytes = 4u << 20;     // a plain answer up to this size is read whole before it is passed on
inline constexpr std::size_t kMaxHeldStreamBytes = 256u << 10;   // what may be held while waiting for a stream's first event
inline constexpr std::size_t kMaxEvidenceBytes = 300;            // excerpt of an answer kept beside a verdict

// Memory of an isolate
inline constexpr std::size_t kWorkingSetKeys = 512;              // per provider
inline constexpr std::size_t kFirstWorkingSetKeys = 64;          // what an isolate begins with: a request of 10 ms reads it with code that is cold
inline constexpr std::size_t kTokenCacheEntries = 2048;
inline constexpr std::size_t kUnknownTokenEntries = 2048;        // negative cache: floods of bad tokens stay away from the database
inline constexpr double kTokenLookUpBurst = 50;                  // look-ups of tokens never seen; one that is found costs nothing
inline constexpr double kLeastTokenLookUpBurst = 10;             // the same where hundreds of isolates share the database: a crowd's new tokens at once
inline constexpr std::size_t kMaxUsageRows = 4000;               // distinct counters in one batch; the database takes 10,000
inline constexpr std::size_t kMaxWaitingModelRows = 8000;        // model and hour, unsent: two batches; names are the text of clients and the database may be away
inline constexpr std::size_t kMaxWaitingVerdicts = 4000;         // unsent: the working set's keys many times over; models are the text of clients
inline constexpr std::size_t kMaxLogLineBytes = 2048;
inline constexpr std::size_t kRateEntries = 4096;                // keys whose rate is counted: addresses, tokens
inline constexpr std::size_t kMaxLoggedTextBytes = 120;          // of a client's text in a line: escaped sixfold, a line still has room for it

// Administration
inline constexpr std::size_t kKeysPerDatabaseCall = 5000;
inline constexpr std::size_t kMostImportedKeys = 200'000;         // in one call: 40 database calls of the free plan's 50 subrequests
inline constexpr std::size_t kMostReportedLines = 1000;           // of bad or repeated ones in an import; the rest is counted
inline constexpr std::size_t kMostNamedKeys = 10'000;             // in one call: what the database takes
inline constexpr std::size_t kProbesAtOnce = 6;                  // the platform's open connections
inline constexpr std::size_t kProbesPerCall = 40;                // of the free plan's 50 subrequests; the rest is the database's
inline constexpr std::uint32_t kFreeRefusals = 10;               // wrong admin tokens in a row before an address waits
inline constexpr std::size_t kRefusedAddresses = 1024;           // remembered by an isolate
inline constexpr std::size_t kMaxKeyBytes = 512;
inline constexpr std::size_t kMaxNameBytes = 200;
inline constexpr std::uint32_t kMaxPageSize = 1000;
inline constexpr std::size_t kMaxShownValueBytes = 1024;         // of a configuration variable in /admin/settings: MODEL_ALIASES can be long

// Limits of client tokens
inline constexpr std::uint64_t kTokenLimitEnd = 1'000'000'000'000'000;  // a million dollars in nano-dollars; sums stay far from 2^63
inline constexpr std::size_t kMostAllowedNames = 64;             // of models, providers and addresses each: they are compared one by one
inline constexpr std::uint32_t kLongestGraceS = 30u * 24 * 3600; // of a rotated token's old secret

// Redis
inline constexpr std::size_t kMaxRedisAnswerBytes = 5u << 20;    // a kept answer of kMaxRedisEntryBytes in JSON, escaped sixfold
inline constexpr std::size_t kMaxRedisEntryBytes = 768u << 10;   // of the response cache: hosted services take about a megabyte at once
inline constexpr std::uint32_t kRedisTimeoutMs = 300;            // what a request may lose to a Redis that hangs
inline constexpr std::uint32_t kRedisPauseMs = 10'000;           // after a failure nobody asks for so long
inline constexpr std::size_t kBenchesTold = 100;                 // the newest benches that isolates tell each other

// Times
inline constexpr std::uint32_t kWorkingSetFreshMs = 10'000;      // verdicts of other isolates are seen within this
inline constexpr std::uint32_t kLongestFailurePauseMs = 30'000;  // a database that is back is noticed within this by everybody
inline constexpr std::uint32_t kLongestLoadPauseMs = 4'000;      // the same where clients wait for it
inline constexpr std::uint32_t kUnknownTokenMs = 10'000;         // a token made a moment ago must soon work
inline constexpr std::uint32_t kKnownTokenMs = 300'000;          // a token is renewed after this, should every telling of its change have been missed
inline constexpr std::uint32_t kFlushWindowMs = 1'000;           // what an isolate killed outright may lose
inline constexpr std::uint32_t kLongestFlushWindowMs = 20'000;   // inside the 30 s that waitUntil gives
inline constexpr std::uint32_t kDatabaseTimeoutMs = 8'000;
inline constexpr std::uint32_t kLongestFlushFlowMs = 25'000;     // all of a background flow that flushes: waitUntil gives 30 s after the answer
inline constexpr std::uint32_t kShortestFlushCallMs = 4'000;     // longer than a database in health takes; with less left a flow leaves it to the next
inline constexpr double kLongestBenchMs = 7.0 * 24 * 3600 * 1000;  // a reset further away is not believed

}  // namespace edgepool::limits
