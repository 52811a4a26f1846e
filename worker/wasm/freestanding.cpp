// Keeps stdio, locales and every WASI import out of the module: the hooks through which libc++ and libc++abi would print before they
// abort all trap instead, and the few system calls that remain are answered inside. Emscripten brings its own of these.
#ifndef __EMSCRIPTEN__

#include <__verbose_abort>
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
