/* What numpy is slow at: CSR rows to bytes and back, and dense rows of varints read.

   Plain C without Python's headers; penstock/recordio/core.py calls it through ctypes. Reading
   takes only records in the canonical order that writers produce, and checks every byte against
   the end of its message (keys, many at a time, are read up to the data's end and masked at the
   message's). Whatever else it meets, it stops before: the decoder in Python reads that record, or
   refuses it with a message. */

#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define API __attribute__((visibility("default")))
#define CORE_VERSION 3
#define MAGIC 0xCED7230Au
#define HEADER_BYTES 8
#define MAX_LENGTH ((1u << 29) - 1)
#define MAX_VARINT_BYTES 10
#define FLOAT32 2
#define FLOAT64 3
#define INT32 7
#define KEY_BYTES 8
#define MANY_COLUMNS (1u << 28) /* more need varints of five bytes */

static const uint8_t KEY[KEY_BYTES] = {0x0a, 6, 'v', 'a', 'l', 'u', 'e', 's'};

API int32_t core_version(void) { return CORE_VERSION; }

/* Asks for memory that is soon needed: `bytes` from `place` on, AHEAD further. It may be beyond an
   array's end, nothing is read. The processor's own guesses end with each page. */
#define AHEAD 2048
#define CACHE_LINE 64
static inline void fetch(const void *array, int64_t place, int64_t bytes) {
    uintptr_t from = (uintptr_t)array + (uintptr_t)place + AHEAD;
    for (int64_t i = 0; i < bytes; i += CACHE_LINE)
        __builtin_prefetch((const void *)(from + (uintptr_t)i));
}

/* ---- varints ---- */

static inline int64_t varint_bytes(uint64_t number) {
    int64_t bytes = 1;
    while (number > 127) {
        number >>= 7;
        bytes++;
    }
    return bytes;
}

static inline uint8_t *put_varint(uint8_t *out, uint64_t number) {
    while (number > 127) {
        *out++ = (uint8_t)(number | 128);
        number >>= 7;
    }
    *out++ = (uint8_t)number;
    return out;
}

/* The varint at *at; 0 if the message's end cuts it, or it does not fit 64 bits. */
static inline int take_varint(const uint8_t **at, const uint8_t *end, uint64_t *number) {
    const uint8_t *p = *at;
    uint64_t found = 0;
    for (int index = 0; index < MAX_VARINT_BYTES; index++) {
        if (p >= end) return 0;
        uint8_t byte = *p++;
        found |= (uint64_t)(byte & 127) << (7 * index);
        if (byte < 128) {
            if (index == MAX_VARINT_BYTES - 1 && byte > 1) return 0;
            *number = found;
            *at = p;
            return 1;
        }
    }
    return 0;
}

#define BLOCK_BYTES 64

/* A bit for each of the 64 bytes at p, the first is the lowest: whether a varint ends there. */
static inline uint64_t varint_ends(const uint8_t *p) {
    uint64_t ends = 0;
    for (int part = 0; part < BLOCK_BYTES; part += 8) {
        uint64_t word;
        memcpy(&word, p + part, 8);
        word = ~word >> 7 & 0x0101010101010101u;
        ends |= (word * 0x0102040810204080u >> 56) << part; /* byte n's bit becomes bit n */
    }
    return ends;
}

static inline void put_index(void *indices, int32_t index_bytes, int64_t place, uint64_t index) {
    if (index_bytes == 4)
        ((int32_t *)indices)[place] = (int32_t)index;
    else
        ((int64_t *)indices)[place] = (int64_t)index;
}

/* Takes the keys that end in the next 64 bytes, of which there are three more up to the data's end,
   and returns how many; 0 if a key is none below `columns`, which is 2^28 at most, if they are more
   than `room`, or if none ends there. Without a branch for each key. */
static inline int64_t take_keys(const uint8_t **at, const uint8_t *end, uint32_t columns,
                                int64_t room, void *indices, int32_t index_bytes, int64_t place) {
    uint32_t words[BLOCK_BYTES], wrong = 0;
    uint64_t ends = varint_ends(*at);
    if (end - *at < BLOCK_BYTES) ends &= ((uint64_t)1 << (end - *at)) - 1;
    int64_t bytes = 0, count = 0;
    for (; ends; ends &= ends - 1) {
        memcpy(&words[count++], *at + bytes, 4);
        bytes = __builtin_ctzll(ends) + 1;
    }
    if (count > room) return 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t word = words[i], last = ~word & 0x80808080u;
        word &= last ^ (last - 1); /* up to and with the last byte's flag */
        uint32_t key = (word & 0x7f) | (word >> 1 & 0x3f80) | (word >> 2 & 0x1fc000) |
                       (word >> 3 & 0xfe00000);
        wrong |= (last == 0) | ((int32_t)key >= (int32_t)columns);
        put_index(indices, index_bytes, place + i, key);
    }
    if (wrong) return 0;
    *at += bytes;
    return count;
}

/* `count` keys that fill their field exactly. */
static inline int take_indices(const uint8_t *p, const uint8_t *end, const uint8_t *stop,
                               uint64_t columns, int64_t count, void *indices,
                               int32_t index_bytes, int64_t place) {
    uint32_t few = columns < MANY_COLUMNS ? (uint32_t)columns : MANY_COLUMNS;
    int64_t done = 0, taken = 1;
    while (done < count) {
        if (taken && stop - p >= BLOCK_BYTES + 3) {
            taken = take_keys(&p, end, few, count - done, indices, index_bytes, place + done);
            done += taken;
        } else { /* what is long or wrong, and the data's last keys */
            uint64_t key;
            if (!take_varint(&p, end, &key) || key >= columns) return 0;
            put_index(indices, index_bytes, place + done++, key);
        }
    }
    return p == end;
}

/* ---- writing ---- */

/* Column numbers; `wide` if the processor has what pack_wide needs. */
typedef struct {
    const void *numbers;
    int32_t bytes, wide;
} Indices;

static inline uint64_t index_at(const Indices *indices, int64_t place) {
    return indices->bytes == 4 ? (uint64_t)((const uint32_t *)indices->numbers)[place]
                               : ((const uint64_t *)indices->numbers)[place];
}

#define BLOCK_KEYS 256
#define PACKED_BYTES (4 * BLOCK_KEYS + 64)

/* Keys as varints, one after the other. */
typedef struct {
    uint8_t bytes[PACKED_BYTES];
    int ready; /* they are all of a row's keys */
} Keys;

/* Packs `count` <= BLOCK_KEYS keys into PACKED_BYTES and returns their bytes; -1 if one has 2^28 or
   more. The first loop has no branch, so that the compiler does many keys at once; the second
   writes whole words, and the next one over the zeros of the last. */
static inline int64_t pack(const Indices *indices, int64_t from, int64_t count, uint8_t *out) {
    uint32_t words[BLOCK_KEYS], lengths[BLOCK_KEYS], high = 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t key = index_at(indices, from + i);
        uint32_t k = (uint32_t)key;
        uint32_t two = -(uint32_t)((int32_t)k > 0x7f);
        uint32_t three = -(uint32_t)((int32_t)k > 0x3fff);
        uint32_t four = -(uint32_t)((int32_t)k > 0x1fffff);
        high |= indices->bytes == 4 ? k >> 28 : (key >> 28) != 0;
        words[i] = (k & 0x7f) | (k & 0x3f80) << 1 | (k & 0x1fc000) << 2 | (k & 0xfe00000) << 3 |
                   (two & 0x80) | (three & 0x8000) | (four & 0x800000);
        lengths[i] = 1 - two - three - four;
    }
    if (high) return -1;
    uint8_t *p = out;
    for (int64_t i = 0; i < count; i++) {
        memcpy(p, &words[i], 4);
        p += lengths[i];
    }
    return p - out;
}

#ifdef __x86_64__
/* The same, 16 keys at a time: each one's bytes are made in a word of its own, and those that are
   needed are moved together. For processors with AVX-512 VBMI2. */
#define WIDE __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")))
WIDE static int64_t pack_wide(const uint32_t *keys, int64_t count, uint8_t *out) {
    const __m512i shifts = _mm512_set1_epi64(0x352e2720150e0700); /* of 0, 7, 14, 21 bits */
    __m512i high = _mm512_setzero_si512();
    uint8_t *p = out;
    for (int64_t done = 0; done < count; done += 16) {
        int64_t some = count - done < 16 ? count - done : 16;
        __m512i words = _mm512_maskz_loadu_epi32((__mmask16)((1u << some) - 1), keys + done);
        high = _mm512_or_si512(high, words);
        __m512i sevens = _mm512_and_si512(_mm512_multishift_epi64_epi8(shifts, words),
                                          _mm512_set1_epi8(0x7f));
        /* a byte is needed if it is its word's first, or if it or one above it is not zero */
        __m512i above = _mm512_or_si512(sevens, _mm512_srli_epi32(sevens, 8));
        above = _mm512_or_si512(above, _mm512_srli_epi32(above, 16));
        uint64_t needed = _mm512_test_epi8_mask(above, above) | 0x1111111111111111;
        needed &= ~(uint64_t)0 >> (64 - 4 * some);
        uint64_t flagged = needed >> 1 & 0x7777777777777777;
        __m512i flags = _mm512_maskz_set1_epi8(flagged, (char)0x80);
        _mm512_storeu_si512(p, _mm512_maskz_compress_epi8(needed, _mm512_or_si512(sevens, flags)));
        p += __builtin_popcountll(needed);
    }
    return _mm512_test_epi32_mask(high, _mm512_set1_epi32((int32_t)0xf0000000)) ? -1 : p - out;
}

API int32_t core_has_wide(void) {
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vbmi2");
}
#else
API int32_t core_has_wide(void) { return 0; }
#endif

static inline int64_t pack_block(const Indices *indices, int64_t from, int64_t count,
                                 uint8_t *out) {
#ifdef __x86_64__
    if (indices->wide && indices->bytes == 4)
        return pack_wide((const uint32_t *)indices->numbers + from, count, out);
#endif
    return pack(indices, from, count, out);
}

/* The bytes of all keys. */
static inline int64_t measure(const Indices *indices, int64_t from, int64_t count, Keys *keys) {
    int64_t bytes = 0;
    keys->ready = count <= BLOCK_KEYS;
    for (int64_t done = 0; done < count; done += BLOCK_KEYS) {
        int64_t some = count - done < BLOCK_KEYS ? count - done : BLOCK_KEYS;
        int64_t found = pack_block(indices, from + done, some, keys->bytes);
        if (found < 0) {
            found = keys->ready = 0;
            for (int64_t i = 0; i < some; i++)
                found += varint_bytes(index_at(indices, from + done + i));
        }
        bytes += found;
    }
    return bytes;
}

/* Writes the keys that were measured, `bytes` in all. */
static inline uint8_t *put_keys(uint8_t *p, const Indices *indices, int64_t from, int64_t count,
                                Keys *keys, int64_t bytes) {
    if (keys->ready) {
        memcpy(p, keys->bytes, bytes);
        return p + bytes;
    }
    for (int64_t done = 0; done < count; done += BLOCK_KEYS) {
        int64_t some = count - done < BLOCK_KEYS ? count - done : BLOCK_KEYS;
        int64_t packed = pack_block(indices, from + done, some, keys->bytes);
        if (packed < 0) {
            for (int64_t i = 0; i < some; i++) p = put_varint(p, index_at(indices, from + done + i));
        } else {
            memcpy(p, keys->bytes, packed);
            p += packed;
        }
    }
    return p;
}

static inline uint64_t int32_at(const void *values, int64_t place) {
    return (uint64_t)(int64_t)((const int32_t *)values)[place];
}

/* Writes rows one after the other while they fit into `capacity`; returns how many did, and in
   *written their bytes. -1: the row pointers lead outside of the `stored` values; -2: a row is
   longer than a record may be. `shape` is the shape's whole field; a label is `label_head` and
   then `label_bytes` of `labels`, which is NULL when there are none. */
static inline __attribute__((always_inline)) int64_t encode(int64_t rows, const int64_t *pointers, int64_t stored,
                             Indices indices, const void *values, int32_t field,
                             const uint8_t *shape, int64_t shape_bytes,
                             const uint8_t *label_head, int64_t label_head_bytes,
                             const uint8_t *labels, int64_t label_bytes, uint8_t *out,
                             int64_t capacity, int64_t *written) {
    uint8_t *p = out;
    int64_t row = 0;
    Keys keys;
    int64_t tail_bytes = labels ? label_head_bytes + label_bytes : 0;
    int64_t value_size = field == FLOAT64 ? 8 : 4;
    for (; row < rows; row++) {
        int64_t from = pointers[row], to = pointers[row + 1];
        if (from < 0 || to < from || to > stored) return -1;
        int64_t count = to - from, key_bytes, value_bytes = 0;
        fetch(indices.numbers, from * indices.bytes, count * indices.bytes);
        fetch(values, from * value_size, count * value_size);
        key_bytes = measure(&indices, from, count, &keys);
        if (field == INT32)
            for (int64_t i = from; i < to; i++) value_bytes += varint_bytes(int32_at(values, i));
        else
            value_bytes = count * value_size;
        int64_t tensor = shape_bytes;
        if (count) tensor += 2 + varint_bytes(value_bytes) + value_bytes + varint_bytes(key_bytes) + key_bytes;
        int64_t value = 1 + varint_bytes(tensor) + tensor;
        int64_t entry = KEY_BYTES + 1 + varint_bytes(value) + value;
        int64_t body = 1 + varint_bytes(entry) + entry + tail_bytes;
        if (body > MAX_LENGTH) return -2;
        int64_t padding = -body & 3;
        if (HEADER_BYTES + body + padding > capacity - (p - out)) break;
        uint32_t head[2] = {MAGIC, (uint32_t)body};
        memcpy(p, head, HEADER_BYTES);
        p += HEADER_BYTES;
        *p++ = 0x0a;
        p = put_varint(p, entry);
        memcpy(p, KEY, KEY_BYTES);
        p += KEY_BYTES;
        *p++ = 0x12;
        p = put_varint(p, value);
        *p++ = (uint8_t)(field << 3 | 2);
        p = put_varint(p, tensor);
        if (count) {
            *p++ = 0x0a;
            p = put_varint(p, value_bytes);
            if (field == INT32) {
                for (int64_t i = from; i < to; i++) p = put_varint(p, int32_at(values, i));
            } else {
                memcpy(p, (const uint8_t *)values + from * value_size, value_bytes);
                p += value_bytes;
            }
            *p++ = 0x12;
            p = put_varint(p, key_bytes);
            p = put_keys(p, &indices, from, count, &keys, key_bytes);
        }
        memcpy(p, shape, shape_bytes);
        p += shape_bytes;
        if (labels) {
            memcpy(p, label_head, label_head_bytes);
            memcpy(p + label_head_bytes, labels + row * label_bytes, label_bytes);
            p += tail_bytes;
        }
        memset(p, 0, padding);
        p += padding;
    }
    *written = p - out;
    return row;
}

#define ENCODE(bytes, kind)                                                                     \
    encode(rows, pointers, stored, (Indices){indices, bytes, wide}, values, kind, shape,        \
           shape_bytes, label_head, label_head_bytes, labels, label_bytes, out, capacity, written)

API int64_t encode_rows(int64_t rows, const int64_t *pointers, int64_t stored,
                        const void *indices, int32_t index_bytes, int32_t wide,
                        const void *values, int32_t field, const uint8_t *shape,
                        int64_t shape_bytes, const uint8_t *label_head, int64_t label_head_bytes,
                        const uint8_t *labels, int64_t label_bytes, uint8_t *out,
                        int64_t capacity, int64_t *written) {
    if (index_bytes == 4 && field == FLOAT32) return ENCODE(4, FLOAT32); /* the usual case */
    return ENCODE(index_bytes, field);
}

/* ---- reading ---- */

typedef struct {
    int32_t field;
    const uint8_t *shape; /* the shape's whole field */
    int64_t shape_bytes;
    const uint8_t *label_head;
    int64_t label_head_bytes;
    int64_t label_bytes; /* 0: records have no label */
} Layout;

typedef struct {
    const uint8_t *values, *keys, *label;
    int64_t value_bytes, key_bytes;
    int64_t size; /* of the whole record, padding included */
} Row;

/* A length that must end its message exactly, unless `rest` bytes follow it. */
static inline int take_length(const uint8_t **at, const uint8_t *end, int64_t rest) {
    uint64_t length;
    return take_varint(at, end, &length) && end - *at >= rest &&
           length == (uint64_t)(end - *at - rest);
}

static inline int take_byte(const uint8_t **at, const uint8_t *end, uint8_t byte) {
    return *at < end && *(*at)++ == byte;
}

static inline int take_bytes(const uint8_t **at, const uint8_t *end, const uint8_t *bytes,
                             int64_t count) {
    if (end - *at < count || memcmp(*at, bytes, count)) return 0;
    *at += count;
    return 1;
}

/* A packed field: where its bytes are. */
static inline int take_packed(const uint8_t **at, const uint8_t *end, uint8_t tag,
                              const uint8_t **body, int64_t *bytes) {
    uint64_t length;
    if (!take_byte(at, end, tag) || !take_varint(at, end, &length)) return 0;
    if (length > (uint64_t)(end - *at)) return 0;
    *body = *at;
    *bytes = (int64_t)length;
    *at += length;
    return 1;
}

/* A record's frame and label, and in it the messages down to the tensor: *at is its first byte
   then, *tail the end. */
static inline int take_tensor(const uint8_t **at, const uint8_t *stop, const Layout *layout,
                              Row *row, const uint8_t **tail_end) {
    const uint8_t *p = *at;
    uint32_t head[2];
    if (stop - p < HEADER_BYTES) return 0;
    memcpy(head, p, HEADER_BYTES);
    if (head[0] != MAGIC || head[1] > MAX_LENGTH) return 0; /* a flag makes it larger */
    int64_t body = head[1], padding = -body & 3;
    row->size = HEADER_BYTES + body + padding;
    if (row->size > stop - p) return 0;
    p += HEADER_BYTES;
    const uint8_t *end = p + body;
    for (int64_t i = 0; i < padding; i++)
        if (end[i]) return 0;
    int64_t label = layout->label_bytes ? layout->label_head_bytes + layout->label_bytes : 0;
    if (body < label) return 0;
    const uint8_t *tail = end - label;
    if (label && memcmp(tail, layout->label_head, layout->label_head_bytes)) return 0;
    row->label = tail + layout->label_head_bytes;
    if (!take_byte(&p, tail, 0x0a) || !take_length(&p, tail, 0)) return 0;
    if (!take_bytes(&p, tail, KEY, KEY_BYTES)) return 0;
    if (!take_byte(&p, tail, 0x12) || !take_length(&p, tail, 0)) return 0;
    if (!take_byte(&p, tail, (uint8_t)(layout->field << 3 | 2)) || !take_length(&p, tail, 0))
        return 0;
    *at = p;
    *tail_end = tail;
    return 1;
}

static inline int take_row(const uint8_t *p, const uint8_t *stop, const Layout *layout, Row *row) {
    const uint8_t *tail;
    if (!take_tensor(&p, stop, layout, row, &tail)) return 0;
    row->values = row->keys = p;
    row->value_bytes = row->key_bytes = 0;
    if (p < tail && *p == 0x0a) {
        if (!take_packed(&p, tail, 0x0a, &row->values, &row->value_bytes)) return 0;
        if (!take_packed(&p, tail, 0x12, &row->keys, &row->key_bytes)) return 0;
    }
    return tail - p == layout->shape_bytes && !memcmp(p, layout->shape, layout->shape_bytes);
}

/* `count` int32 values that fill their field exactly. */
static inline int take_int32s(const uint8_t *p, const uint8_t *end, int64_t count, int32_t *out) {
    for (int64_t i = 0; i < count; i++) {
        uint64_t number;
        if (!take_varint(&p, end, &number)) return 0;
        if ((int64_t)number != (int32_t)number) return 0;
        out[i] = (int32_t)number;
    }
    return p == end;
}

/* Values in a row by its bytes; -1 where they are no whole number of values. */
static inline int64_t count_values(const Row *row, int32_t field) {
    if (field == INT32) {
        int64_t count = 0;
        for (int64_t i = 0; i < row->value_bytes; i++) count += row->values[i] < 128;
        return count;
    }
    int64_t size = field == FLOAT64 ? 8 : 4;
    return row->value_bytes % size ? -1 : row->value_bytes / size;
}

/* Counts the records from the first on that have the layout, `rows` of them at most, and what
   they take; their keys and int32 values are not read yet. */
API int64_t scan_rows(const uint8_t *data, int64_t size, int64_t rows, int32_t field,
                      const uint8_t *shape, int64_t shape_bytes, const uint8_t *label_head,
                      int64_t label_head_bytes, int64_t label_bytes, int64_t *stored) {
    Layout layout = {field, shape, shape_bytes, label_head, label_head_bytes, label_bytes};
    const uint8_t *p = data, *stop = data + size;
    int64_t found = 0;
    *stored = 0;
    for (; found < rows; found++) {
        Row row;
        if (!take_row(p, stop, &layout, &row)) break;
        int64_t count = count_values(&row, field);
        if (count < 0) break;
        *stored += count;
        p += row.size;
    }
    return found;
}

static inline int64_t decode(const uint8_t *data, int64_t size, int64_t rows, uint64_t columns,
                             int32_t field, const uint8_t *shape, int64_t shape_bytes,
                             const uint8_t *label_head, int64_t label_head_bytes,
                             int64_t label_bytes, int64_t capacity, int64_t *pointers,
                             void *indices, int32_t index_bytes, void *values, uint8_t *labels,
                             int64_t *used) {
    Layout layout = {field, shape, shape_bytes, label_head, label_head_bytes, label_bytes};
    const uint8_t *p = data, *stop = data + size;
    int64_t found = 0, stored = 0;
    pointers[0] = 0;
    for (; found < rows; found++) {
        Row row;
        if (!take_row(p, stop, &layout, &row)) break;
        fetch(p, 0, row.size);
        int64_t count = count_values(&row, field);
        if (count < 0 || count > capacity - stored) break;
        if (!take_indices(row.keys, row.keys + row.key_bytes, stop, columns, count, indices,
                          index_bytes, stored))
            break;
        if (field == INT32) {
            const uint8_t *values_end = row.values + row.value_bytes;
            if (!take_int32s(row.values, values_end, count, (int32_t *)values + stored)) break;
        } else if (count) {
            memcpy((uint8_t *)values + stored * (field == FLOAT64 ? 8 : 4), row.values,
                   row.value_bytes);
        }
        if (label_bytes) memcpy(labels + found * label_bytes, row.label, label_bytes);
        stored += count;
        pointers[found + 1] = stored;
        p += row.size;
    }
    *used = p - data;
    return found;
}

#define DECODE(bytes, kind)                                                                     \
    decode(data, size, rows, columns, kind, shape, shape_bytes, label_head, label_head_bytes,    \
           label_bytes, capacity, pointers, indices, bytes, values, labels, used)

/* Reads records that have the layout until one does not, or `rows` or `capacity` values are
   reached; returns how many, and in *used their bytes. */
API int64_t decode_rows(const uint8_t *data, int64_t size, int64_t rows, uint64_t columns,
                        int32_t field, const uint8_t *shape, int64_t shape_bytes,
                        const uint8_t *label_head, int64_t label_head_bytes, int64_t label_bytes,
                        int64_t capacity, int64_t *pointers, void *indices, int32_t index_bytes,
                        void *values, uint8_t *labels, int64_t *used) {
    if (index_bytes == 4 && field == FLOAT32) return DECODE(4, FLOAT32); /* the usual case */
    return DECODE(index_bytes, field);
}

/* Reads dense records of `width` int32 values until one is none, or `rows` are reached; returns how
   many, and in *used their bytes. */
API int64_t decode_dense_rows(const uint8_t *data, int64_t size, int64_t rows, int64_t width,
                              const uint8_t *label_head, int64_t label_head_bytes,
                              int64_t label_bytes, int32_t *values, uint8_t *labels,
                              int64_t *used) {
    Layout layout = {INT32, NULL, 0, label_head, label_head_bytes, label_bytes};
    const uint8_t *p = data, *stop = data + size;
    int64_t found = 0;
    for (; found < rows; found++) {
        Row row;
        const uint8_t *at = p, *tail;
        if (!take_tensor(&at, stop, &layout, &row, &tail)) break;
        if (!take_packed(&at, tail, 0x0a, &row.values, &row.value_bytes) || at != tail) break;
        if (!take_int32s(row.values, tail, width, values + found * width)) break;
        if (label_bytes) memcpy(labels + found * label_bytes, row.label, label_bytes);
        p += row.size;
    }
    *used = p - data;
    return found;
}
