// Includes abi.def with every list but the wanted one left out. No include guard: it is included once per list.
#ifndef EDGEPOOL_ABI_VERSION
#define EDGEPOOL_ABI_VERSION(version)
#endif
#ifndef EDGEPOOL_OPERATION
#define EDGEPOOL_OPERATION(number, name)
#endif
#ifndef EDGEPOOL_STATUS
#define EDGEPOOL_STATUS(number, name)
#endif
#ifndef EDGEPOOL_BODY
#define EDGEPOOL_BODY(number, name)
#endif
#ifndef EDGEPOOL_WORD
#define EDGEPOOL_WORD(index, name)
#endif

#include "worker/abi.def"

#undef EDGEPOOL_ABI_VERSION
#undef EDGEPOOL_OPERATION
#undef EDGEPOOL_STATUS
#undef EDGEPOOL_BODY
#undef EDGEPOOL_WORD
