// Keeps stdio, locales and every WASI import out of the module: the hooks through which libc++ and libc++abi would print before they
// abort all trap instead, and the few system calls that remain are answered inside. Emscripten brings its own of these.
#ifndef __EMSCRIPTEN__

#include <__verbose_abort>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

extern "C" {

// Debian's libclang_rt.builtins-wasm32.a is built with -fstack-protector.
std::uintptr_t __stack_chk_guard = 0x5bd1e995;
[[noreturn]] void __stack_chk_fail() { __builtin_trap(); }

[[noreturn]] void __abort_message(const char*, ...) { __builtin_trap(); }
[[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }
_Noreturn void abort(void) { __builtin_trap(); }
_Noreturn void __assert_fail(const char*, const char*, int, const char*) { __builtin_trap(); }
[[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }

namespace {
constexpr std::int32_t kBadDescriptor = 8;  // WASI's errno "badf"
}

// The core has no clock: what libc asks for at start-up is answered with zero.
std::int32_t __imported_wasi_snapshot_preview1_clock_time_get(std::int32_t, std::int64_t, std::int32_t out) {
    std::memset(reinterpret_cast<void*>(out), 0, 8);
    return 0;
}
std::int32_t __imported_wasi_snapshot_preview1_random_get(std::int32_t, std::int32_t) { __builtin_trap(); }
std::int32_t __imported_wasi_snapshot_preview1_fd_write(std::int32_t, std::int32_t, std::int32_t, std::int32_t) { return kBadDescriptor; }
std::int32_t __imported_wasi_snapshot_preview1_fd_close(std::int32_t) { return kBadDescriptor; }
std::int32_t __imported_wasi_snapshot_preview1_fd_seek(std::int32_t, std::int64_t, std::int32_t, std::int32_t) { return kBadDescriptor; }
std::int32_t __imported_wasi_snapshot_preview1_fd_read(std::int32_t, std::int32_t, std::int32_t, std::int32_t) { return kBadDescriptor; }
std::int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(std::int32_t, std::int32_t) { return kBadDescriptor; }
std::int32_t __imported_wasi_snapshot_preview1_environ_get(std::int32_t, std::int32_t) { return 0; }
std::int32_t __imported_wasi_snapshot_preview1_environ_sizes_get(std::int32_t count, std::int32_t size) {
    std::memset(reinterpret_cast<void*>(count), 0, 4);
    std::memset(reinterpret_cast<void*>(size), 0, 4);
    return 0;
}
[[noreturn]] void __imported_wasi_snapshot_preview1_proc_exit(std::int32_t) { __builtin_trap(); }

// All that is formatted in the module are the code points in nlohmann's error texts, which nobody reads: printf's 12 kB stay out.
int snprintf(char* out, std::size_t size, const char*, ...) {
    if (size > 0) out[0] = '\0';
    return 0;
}

// The numbers of JSON texts that nlohmann's lexer has already found to be of the right form. libc's own readers (hexadecimal, infinities,
// correct rounding of hundreds of digits) are 9 kB; these read 19 significant digits and are right to within an ulp or two. Counts and
// money never come this way: they are integers, or text.
unsigned long long strtoull(const char* text, char** end, int) {
    unsigned long long value = 0;
    bool overflows = false;
    for (; *text >= '0' && *text <= '9'; ++text) {
        overflows |= __builtin_mul_overflow(value, 10ULL, &value) || __builtin_add_overflow(value, static_cast<unsigned>(*text - '0'), &value);
    }
    if (overflows) errno = ERANGE;
    *end = const_cast<char*>(text);
    return value;
}

long long strtoll(const char* text, char** end, int base) {
    const bool is_negative = *text == '-';
    const unsigned long long magnitude = strtoull(is_negative ? text + 1 : text, end, base);
    const unsigned long long most = static_cast<unsigned long long>(__LONG_LONG_MAX__) + (is_negative ? 1 : 0);
    if (magnitude > most) errno = ERANGE;
    return static_cast<long long>(is_negative ? 0 - magnitude : magnitude);
}

double strtod(const char* text, char** end) {
    constexpr unsigned long long kMostMantissa = 1'000'000'000'000'000'000;
    const bool is_negative = *text == '-';
    if (is_negative) ++text;
    unsigned long long mantissa = 0;
    int exponent = 0;
    bool is_fraction = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !is_fraction); ++text) {
        if (*text == '.') {
            is_fraction = true;
        } else if (mantissa < kMostMantissa) {
            mantissa = mantissa * 10 + static_cast<unsigned>(*text - '0');
            exponent -= is_fraction ? 1 : 0;
        } else {
            exponent += is_fraction ? 0 : 1;
        }
    }
    if (*text == 'e' || *text == 'E') {
        ++text;
        const bool is_small = *text == '-';
        if (*text == '-' || *text == '+') ++text;
        int stated = 0;
        for (; *text >= '0' && *text <= '9'; ++text) stated = stated < 10'000 ? stated * 10 + (*text - '0') : stated;
        exponent += is_small ? -stated : stated;
    }
    *end = const_cast<char*>(text);
    auto value = static_cast<double>(mantissa);
    for (; exponent > 0 && value < __DBL_MAX__ && value > 0; --exponent) value *= 10;
    for (; exponent < 0 && value > 0; ++exponent) value /= 10;
    return is_negative ? -value : value;
}

// Named by libc++'s string functions, which nobody calls; with these libc's own stay out of the link.
float strtof(const char* text, char** end) { return static_cast<float>(strtod(text, end)); }
long double strtold(const char* text, char** end) { return strtod(text, end); }
long strtol(const char* text, char** end, int base) { return static_cast<long>(strtoll(text, end, base)); }
unsigned long strtoul(const char* text, char** end, int base) { return static_cast<unsigned long>(strtoull(text, end, base)); }

}  // extern "C"

namespace std {
inline namespace __2 {
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
}  // namespace __2
}  // namespace std

void* operator new(std::size_t size) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    __builtin_trap();
}
void* operator new[](std::size_t size) { return ::operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

#endif
