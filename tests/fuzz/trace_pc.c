/* Tells libFuzzer which blocks of core.c run: GCC calls a function in each, libFuzzer wants counters.

   A counter for each byte of code: blocks never share one. */

#include <stdint.h>

#define COUNTERS (1 << 17)

extern int32_t core_version(void); /* near the beginning of the code */
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop);

static uint8_t counters[COUNTERS];
static uintptr_t places[2 * COUNTERS]; /* (address, flags) of each */

__attribute__((constructor)) static void announce(void) {
    for (uintptr_t i = 0; i < COUNTERS; i++) places[2 * i] = (uintptr_t)&core_version + i;
    __sanitizer_cov_8bit_counters_init(counters, counters + COUNTERS);
    __sanitizer_cov_pcs_init(places, places + 2 * COUNTERS);
}

/* hidden: libFuzzer has one of the same name, which only ends the process */
__attribute__((visibility("hidden"))) void __sanitizer_cov_trace_pc(void) {
    uintptr_t at = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&core_version;
    if (++counters[at % COUNTERS] == 0) counters[at % COUNTERS] = 255;
}
