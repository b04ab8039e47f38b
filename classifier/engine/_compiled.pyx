# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The engine compiled: the same answers as `plain`, read from UTF-8 in one pass without the interpreter lock.

A `Scanner` walks the bytes and hands out one term at a time, hashed; what a caller does with the term (count it, score it,
remember where it stood) is a short loop of its own. Everything a file could get wrong is checked once, in `__init__`.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.math cimport log, sqrt
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

from array import array

from classifier import analysis, arabic
from classifier.analysis import Term
from classifier.engine import tables as _tables
from classifier.engine.tables import Occurrence, Tally
from classifier.errors import ModelFileError

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:
    BUFFER = 64  # letters of a run that are kept; a term has at most WORD = 48 of them
    WORD = 48
    OPENER = 8
    FLAT = 0x800  # code points of one or two bytes have their cells in a flat table
    LOGS = 256

assert WORD == analysis.WORD_LETTERS

cdef uint32_t SEPARATOR = arabic.SEPARATOR, DROP = arabic.DROP, SELF = arabic.SELF, EXPAND = arabic.EXPAND
cdef uint32_t FOREIGN = arabic.FOREIGN, CLOSES = arabic.CLOSES, CLOSES_BEFORE_ALEF = arabic.CLOSES_BEFORE_ALEF
cdef uint32_t LETTER_BITS = arabic.LETTER_BITS
cdef uint32_t ALEF = ord(arabic.ALEF), LAM = ord(arabic.ARTICLE[1]), SPACE = 32
cdef int STEM = arabic.STEM_LETTERS
cdef uint64_t SEED = _tables.SEED, MULTIPLIER = _tables.MULTIPLIER

cdef struct Affix:
    int length
    uint32_t letters[OPENER]

cdef Affix PREFIXES[16]
cdef Affix SUFFIXES[16]
cdef Affix OPENERS[32]
cdef int PREFIX_COUNT = len(arabic.PREFIXES), SUFFIX_COUNT = len(arabic.SUFFIXES), OPENER_COUNT = len(arabic.JOINING_WORDS)
cdef int SHORTEST_JOINED = min(map(len, arabic.JOINING_WORDS)) + 2 + arabic.STEM_LETTERS
cdef double LOGARITHMS[LOGS]


cdef void _fill(Affix* affixes, words) except *:
    cdef int number, position
    for number, word in enumerate(words):
        affixes[number].length = len(word)
        for position, letter in enumerate(word):
            affixes[number].letters[position] = ord(letter)


_fill(PREFIXES, arabic.PREFIXES)
_fill(SUFFIXES, arabic.SUFFIXES)
_fill(OPENERS, arabic.JOINING_WORDS)
for _count in range(1, LOGS):
    LOGARITHMS[_count] = 1.0 + log(_count)


cdef struct Letters:
    uint16_t flat[FLAT]
    const uint16_t* index
    const uint16_t* blocks
    const uint32_t* keys
    const uint32_t* starts
    const uint32_t* units
    int key_count
    bint stem


cdef struct Scanner:
    const Letters* table
    const uint8_t* text
    Py_ssize_t size
    Py_ssize_t byte  # what is read next
    Py_ssize_t place  # its character offset
    uint32_t closed  # what the last letter says about going on
    int length  # letters of the run in the buffer
    Py_ssize_t beyond  # letters of the run that found no room
    bint settled  # no function word opens this run
    bint ended  # the run is complete and being handed out
    const uint32_t* expansion  # letters of an EXPAND code point still to be taken
    const uint32_t* expansion_end
    Py_ssize_t expansion_place
    uint32_t letters[BUFFER]
    Py_ssize_t starts[BUFFER]
    Py_ssize_t ends[BUFFER]
    bint foreigns[BUFFER]
    Py_ssize_t end  # of the run, marks included
    bint foreign_beyond


cdef struct Found:
    uint64_t hash
    Py_ssize_t start
    Py_ssize_t end
    bint foreign
    bint arabic
    int length
    const uint32_t* letters  # of the term; valid until the next one is asked for
    uint32_t copy[WORD]


cdef inline void _begin(Scanner* s, const Letters* table, const uint8_t* text, Py_ssize_t size) noexcept nogil:
    s.table, s.text, s.size = table, text, size
    s.byte = s.place = s.beyond = s.end = 0
    s.closed, s.length, s.settled, s.ended, s.foreign_beyond = 0, 0, False, False, False
    s.expansion = s.expansion_end = NULL
    s.expansion_place = 0


cdef inline uint32_t _decode(Scanner* s) noexcept nogil:
    """The code point at `byte`, which moves on; bytes that are not UTF-8 give U+FFFD as `bytes.decode(..., "replace")` does."""
    cdef const uint8_t* t = s.text + s.byte
    cdef Py_ssize_t left = s.size - s.byte
    cdef uint32_t first = t[0], low = 0x80, high = 0xBF
    if first < 0x80:
        s.byte += 1
        return first
    if first < 0xC2 or first > 0xF4:
        s.byte += 1
        return 0xFFFD
    if first < 0xE0:
        if left < 2 or (t[1] & 0xC0) != 0x80:
            s.byte += 1
            return 0xFFFD
        s.byte += 2
        return ((first & 0x1F) << 6) | (t[1] & 0x3F)
    if first == 0xE0:
        low = 0xA0
    elif first == 0xED:
        high = 0x9F
    elif first == 0xF0:
        low = 0x90
    elif first == 0xF4:
        high = 0x8F
    if left < 2 or t[1] < low or t[1] > high:
        s.byte += 1
        return 0xFFFD
    if left < 3 or (t[2] & 0xC0) != 0x80:
        s.byte += 2
        return 0xFFFD
    if first < 0xF0:
        s.byte += 3
        return ((first & 0x0F) << 12) | ((t[1] & 0x3F) << 6) | (t[2] & 0x3F)
    if left < 4 or (t[3] & 0xC0) != 0x80:
        s.byte += 3
        return 0xFFFD
    s.byte += 4
    return ((first & 0x07) << 18) | ((t[1] & 0x3F) << 12) | ((t[2] & 0x3F) << 6) | (t[3] & 0x3F)


cdef inline uint32_t _cell(const Letters* table, uint32_t code_point) noexcept nogil:
    if code_point < FLAT:
        return table.flat[code_point]
    return table.blocks[<uint32_t>table.index[code_point >> 8] * 256 + (code_point & 255)]


cdef inline void _expand(Scanner* s, uint32_t code_point, Py_ssize_t place) noexcept nogil:
    """Queue the letters of an EXPAND code point."""
    cdef int low = 0, high = s.table.key_count, middle
    while low < high:
        middle = (low + high) // 2
        if s.table.keys[middle] < code_point:
            low = middle + 1
        else:
            high = middle
    if low < s.table.key_count and s.table.keys[low] == code_point:
        s.expansion = s.table.units + s.table.starts[low]
        s.expansion_end = s.table.units + s.table.starts[low + 1]
        s.expansion_place = place


cdef inline void _append(Scanner* s, uint32_t letter, Py_ssize_t place, bint foreign) noexcept nogil:
    s.end = place + 1
    if s.length < BUFFER:
        s.letters[s.length] = letter
        s.starts[s.length] = place
        s.ends[s.length] = place + 1
        s.foreigns[s.length] = foreign
        s.length += 1
    else:
        s.beyond += 1
        s.foreign_beyond |= foreign


cdef inline int _opener(Scanner* s) noexcept nogil:
    """The length of the function word that runs into an article at the front of the run, or 0."""
    cdef int number, position, length
    cdef Py_ssize_t available = s.length + s.beyond
    if available < SHORTEST_JOINED:
        return 0
    for number in range(OPENER_COUNT):
        if OPENERS[number].letters[0] != s.letters[0]:
            continue
        length = OPENERS[number].length
        if available < length + 2 + STEM or s.letters[length] != ALEF or s.letters[length + 1] != LAM:
            continue
        for position in range(1, length):
            if OPENERS[number].letters[position] != s.letters[position]:
                break
        else:
            return length
    return 0


cdef inline void _drop_front(Scanner* s, int count) noexcept nogil:
    s.length -= count
    memmove(s.letters, s.letters + count, s.length * sizeof(uint32_t))
    memmove(s.starts, s.starts + count, s.length * sizeof(Py_ssize_t))
    memmove(s.ends, s.ends + count, s.length * sizeof(Py_ssize_t))
    memmove(s.foreigns, s.foreigns + count, s.length * sizeof(bint))


cdef inline void _stem(const uint32_t** letters, int* length) noexcept nogil:
    cdef int number, position, size, n = length[0]
    cdef const uint32_t* word = letters[0]
    for number in range(PREFIX_COUNT):
        size = PREFIXES[number].length
        if PREFIXES[number].letters[0] != word[0] or n - size < STEM:
            continue
        for position in range(1, size):
            if PREFIXES[number].letters[position] != word[position]:
                break
        else:
            word += size
            n -= size
            break
    for number in range(SUFFIX_COUNT):
        size = SUFFIXES[number].length
        if n - size < STEM or SUFFIXES[number].letters[size - 1] != word[n - 1]:
            continue
        if size == 1 or SUFFIXES[number].letters[0] == word[n - 2]:
            n -= size
    letters[0] = word
    length[0] = n


cdef inline void _finish(Scanner* s, Found* found, const uint32_t* letters, int length) noexcept nogil:
    """Stem and hash the letters of a word."""
    cdef int position
    cdef uint64_t value = SEED
    if length > WORD:
        length = WORD
    found.arabic = 0x0600 <= letters[0] <= 0x08FF
    if s.table.stem:
        _stem(&letters, &length)
    for position in range(length):
        value = (value ^ letters[position]) * MULTIPLIER
        value ^= value >> 29
    found.hash, found.letters, found.length = value, letters, length


cdef inline void _take_front(Scanner* s, Found* found, int count) noexcept nogil:
    """Hand out the first `count` letters of the run, which goes on behind them."""
    cdef int position
    found.start, found.end, found.foreign = s.starts[0], s.ends[count - 1], False
    for position in range(count):
        found.foreign |= s.foreigns[position]
    memcpy(found.copy, s.letters, count * sizeof(uint32_t))
    _drop_front(s, count)
    _finish(s, found, found.copy, count)


cdef inline bint _take_run(Scanner* s, Found* found) noexcept nogil:
    """Hand out what is left of an ended run; False when that is too short to be a word."""
    cdef int position
    cdef bint long_enough = s.length >= 2
    if long_enough:
        found.start, found.end, found.foreign = s.starts[0], s.end, s.foreign_beyond
        for position in range(s.length):
            found.foreign |= s.foreigns[position]
        _finish(s, found, s.letters, s.length)
    s.length, s.beyond, s.settled, s.ended, s.foreign_beyond = 0, 0, False, False, False
    return long_enough


cdef bint _next(Scanner* s, Found* found) noexcept nogil:
    """Find the next term; False at the end of the text."""
    cdef uint32_t code_point, cell, letter
    cdef Py_ssize_t place
    cdef int opener
    while True:
        if s.ended or (s.length == BUFFER and not s.settled):
            opener = 0 if s.settled else _opener(s)
            if opener:
                _take_front(s, found, opener)
                return True
            s.settled = True
            if s.ended:
                if _take_run(s, found):
                    return True
        if s.expansion != s.expansion_end:
            letter = s.expansion[0]
            s.expansion += 1
            if letter == SPACE:
                s.ended = s.length > 0
            else:
                _append(s, letter, s.expansion_place, False)
            continue
        if s.byte >= s.size:
            if s.length == 0:
                return False
            s.ended = True
            continue
        place = s.byte
        code_point = _decode(s)
        cell = _cell(s.table, code_point)
        if cell > EXPAND:
            letter = cell & LETTER_BITS
            if s.closed and s.length and (s.closed & CLOSES or letter == ALEF):
                s.byte, s.ended, s.closed = place, True, 0
                continue
            _append(s, letter, s.place, (cell & FOREIGN) != 0)
            s.closed = cell & (CLOSES | CLOSES_BEFORE_ALEF)
            s.place += 1
        elif cell == SEPARATOR:
            s.place += 1
            s.closed = 0
            s.ended = s.length > 0
        elif cell == DROP:
            s.place += 1
            if s.length:
                s.end = s.place
                if not s.beyond:
                    s.ends[s.length - 1] = s.place
        else:
            if cell == EXPAND:
                _expand(s, code_point, s.place)
                letter = s.expansion[0] if s.expansion != s.expansion_end else SPACE
            else:
                letter = code_point
            if s.closed and s.length and (s.closed & CLOSES or letter == ALEF):
                s.byte, s.ended, s.closed = place, True, 0
                s.expansion = s.expansion_end = NULL
                continue
            if cell == SELF:
                _append(s, letter, s.place, False)
            s.closed = 0
            s.place += 1


cdef object _spell(const uint32_t* letters, int length):
    cdef int position
    return "".join([chr(letters[position]) for position in range(length)])


cdef class Reader:
    """Text to terms with one letter table and one setting of the analysis."""

    cdef Letters letters
    cdef object _kept  # the views whose memory `letters` points into

    def __cinit__(self, settings, table):
        cdef const uint16_t[::1] index = table.index
        cdef const uint16_t[::1] blocks = table.blocks
        cdef const uint32_t[::1] keys = table.keys
        cdef const uint32_t[::1] starts = table.starts
        cdef const uint32_t[::1] units = table.units
        cdef uint32_t code_point
        cdef Py_ssize_t number
        for number in range(index.shape[0]):
            if (<Py_ssize_t>index[number] + 1) * 256 > blocks.shape[0]:
                raise ModelFileError("the letter table points outside itself; get or train the model again")
        for number in range(starts.shape[0]):
            if starts[number] > units.shape[0] or (number and starts[number] < starts[number - 1]):
                raise ModelFileError("the letter table points outside itself; get or train the model again")
        self._kept = (table.index, table.blocks, table.keys, table.starts, table.units)
        self.letters.index, self.letters.blocks = &index[0], &blocks[0]
        self.letters.keys = &keys[0] if keys.shape[0] else NULL
        self.letters.units = &units[0] if units.shape[0] else NULL
        self.letters.starts = &starts[0]
        self.letters.key_count = <int>keys.shape[0]
        self.letters.stem = settings.stem
        for code_point in range(FLAT):
            self.letters.flat[code_point] = blocks[<Py_ssize_t>index[code_point >> 8] * 256 + (code_point & 255)]

    def terms(self, text):
        """The terms of a text, in order, with character offsets."""
        cdef Scanner scanner
        cdef Found found
        cdef Py_ssize_t size
        kept = _utf8(text)
        cdef const char* content = _content(kept, &size)
        _begin(&scanner, &self.letters, <const uint8_t*>content, size)
        result = []
        while _next(&scanner, &found):
            result.append(Term(_spell(found.letters, found.length), found.start, found.end, bool(found.foreign)))
        return result


    def hashes(self, text):
        """The hashes of a text's terms, in order (for comparing texts with each other)."""
        cdef Scanner scanner
        cdef Found found
        cdef Py_ssize_t size
        kept = _utf8(text)
        cdef const char* content = _content(kept, &size)
        _begin(&scanner, &self.letters, <const uint8_t*>content, size)
        result = array("Q")
        while _next(&scanner, &found):
            result.append(found.hash)
        return result


cdef object _utf8(object text):
    """A text whose UTF-8 can be had: itself, or bytes with `?` for its lone surrogates."""
    cdef Py_ssize_t size
    if isinstance(text, str):
        try:
            PyUnicode_AsUTF8AndSize(text, &size)
        except UnicodeEncodeError:
            return text.encode("utf-8", "replace")
    elif not isinstance(text, bytes):
        raise TypeError(f"a text is a str or UTF-8 bytes, not {type(text).__name__}")
    return text


cdef const char* _content(object text, Py_ssize_t* size) except NULL:
    if isinstance(text, bytes):
        size[0] = PyBytes_GET_SIZE(text)
        return PyBytes_AS_STRING(text)
    return PyUnicode_AsUTF8AndSize(text, size)


cdef struct Counts:
    double* scores
    int64_t words
    int64_t known
    int64_t arabic
    int64_t foreign


cdef class _Scratch:
    """Counters of one thread at work: one per row of the model, all zero between texts."""

    cdef uint32_t* counts
    cdef uint32_t* touched

    def __cinit__(self, Py_ssize_t rows):
        self.counts = <uint32_t*>calloc(rows + 1, sizeof(uint32_t))
        self.touched = <uint32_t*>malloc((rows + 1) * sizeof(uint32_t))
        if self.counts == NULL or self.touched == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.counts)
        free(self.touched)


cdef class Engine:
    """Scores texts with the tables of one model."""

    cdef readonly Reader reader
    cdef object _tables  # whose views own the memory below
    cdef list _scratches  # those not at work
    cdef const uint32_t* slots
    cdef const uint64_t* hashes
    cdef const float* idf
    cdef const int16_t* weights
    cdef const double* scale
    cdef const double* bias
    cdef uint64_t capacity
    cdef Py_ssize_t rows
    cdef int labels
    cdef Py_ssize_t lead
    cdef uint32_t lead_count

    face = "compiled"

    def __init__(self, tables):
        tables.check()
        cdef const uint32_t[::1] slots = tables.slots
        cdef const uint64_t[::1] hashes = tables.hashes
        cdef const float[::1] idf = tables.idf
        cdef const int16_t[::1] weights = tables.weights
        cdef const double[::1] scale = tables.scale
        cdef const double[::1] bias = tables.bias
        _check_slots(slots, hashes.shape[0])
        self.reader = Reader(tables.analysis, tables.letters)
        self._tables, self._scratches = tables, []
        self.rows, self.labels, self.capacity = hashes.shape[0], tables.labels, slots.shape[0]
        self.lead, self.lead_count = tables.weighting.lead, tables.weighting.lead_count
        self.slots, self.scale, self.bias = &slots[0], &scale[0], &bias[0]
        if self.rows:
            self.hashes, self.idf, self.weights = &hashes[0], &idf[0], &weights[0]

    def terms(self, text):
        """The terms of a text, in order, with character offsets."""
        return self.reader.terms(text)

    def occurrences(self, text):
        """Every term of a text as (row of the term or -1, start, end)."""
        cdef Scanner scanner
        cdef Found found
        cdef Py_ssize_t size
        kept = _utf8(text)
        cdef const char* content = _content(kept, &size)
        _begin(&scanner, &self.reader.letters, <const uint8_t*>content, size)
        result = []
        while _next(&scanner, &found):
            result.append(Occurrence(self._row(found.hash), found.start, found.end))
        return result

    def tally(self, text):
        """What a text amounts to: one score per label, and the counts that a decision rests on."""
        return self.tally_many((text,))[0]

    def tally_many(self, texts, int threads=1):
        """`tally` of each text, in order, on so many threads."""
        kept = [_utf8(text) for text in texts]
        cdef Py_ssize_t count = len(kept), step
        cdef _Batch batch = _Batch(kept, self.labels)
        if threads <= 1 or count < 2 * threads:
            self._tally_range(batch, 0, count)
        else:
            step = max(1, count // (threads * 8))
            from concurrent.futures import ThreadPoolExecutor  # costs 10 ms, which one text need not pay

            with ThreadPoolExecutor(threads) as pool:
                ranges = [(start, min(start + step, count)) for start in range(0, count, step)]
                for _ in pool.map(lambda part: self._tally_range(batch, part[0], part[1]), ranges):
                    pass
        return batch.tallies()

    def _tally_range(self, _Batch batch, Py_ssize_t start, Py_ssize_t stop):
        cdef Py_ssize_t number
        cdef _Scratch scratch
        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = _Scratch(self.rows)
        with nogil:
            for number in range(start, stop):
                self._tally_one(batch.contents[number], batch.sizes[number], scratch, &batch.counts[number])
        self._scratches.append(scratch)

    cdef inline int64_t _row(self, uint64_t wanted) noexcept nogil:
        cdef uint64_t slot = ((wanted >> 32) * self.capacity) >> 32
        cdef uint32_t row = self.slots[slot]
        while row:
            if self.hashes[row - 1] == wanted:
                return <int64_t>row - 1
            slot += 1
            if slot == self.capacity:
                slot = 0
            row = self.slots[slot]
        return -1

    cdef void _tally_one(self, const char* content, Py_ssize_t size, _Scratch scratch, Counts* counts) noexcept nogil:
        cdef Scanner scanner
        cdef Found found
        cdef int64_t row
        cdef Py_ssize_t touched = 0
        cdef uint32_t* tf = scratch.counts
        _begin(&scanner, &self.reader.letters, <const uint8_t*>content, size)
        while _next(&scanner, &found):
            row = self._row(found.hash)
            if row >= 0:
                if tf[row] == 0:
                    scratch.touched[touched] = <uint32_t>row
                    touched += 1
                tf[row] += self.lead_count if counts.words < self.lead else 1
                counts.known += 1
            counts.words += 1
            counts.arabic += found.arabic
            counts.foreign += found.foreign
        self._score(scratch, touched, counts.scores)

    cdef void _score(self, _Scratch scratch, Py_ssize_t touched, double* scores) noexcept nogil:
        """Add up the touched rows, and leave the counters at zero."""
        cdef Py_ssize_t number, row
        cdef int label
        cdef double value, square = 0.0
        cdef uint32_t count
        for label in range(self.labels):
            scores[label] = 0.0
        for number in range(touched):
            row = scratch.touched[number]
            count = scratch.counts[row]
            scratch.counts[row] = 0
            value = (LOGARITHMS[count] if count < LOGS else 1.0 + log(count)) * self.idf[row]
            square += value * value
            for label in range(self.labels):
                scores[label] += value * self.weights[row * self.labels + label]
        for label in range(self.labels):
            scores[label] = self.bias[label] + (scores[label] * self.scale[label] / sqrt(square) if square > 0.0 else 0.0)


cdef int _check_slots(const uint32_t[::1] slots, Py_ssize_t rows) except -1:
    """Every slot must name a row, and one must be empty for a search to end at."""
    cdef Py_ssize_t number
    cdef bint has_room = False
    for number in range(slots.shape[0]):
        if slots[number] > rows:
            raise ModelFileError("the term table points outside itself; get or train the model again")
        has_room |= slots[number] == 0
    if not has_room:
        raise ModelFileError("the term table is full; get or train the model again")
    return 0


cdef class _Batch:
    """Texts as pointers, and room for what they amount to."""

    cdef list _texts
    cdef const char** contents
    cdef Py_ssize_t* sizes
    cdef Counts* counts
    cdef double* scores
    cdef int labels

    def __cinit__(self, list texts, int labels):
        cdef Py_ssize_t number, count = len(texts)
        self._texts, self.labels = texts, labels
        self.contents = <const char**>malloc((count + 1) * sizeof(char*))
        self.sizes = <Py_ssize_t*>malloc((count + 1) * sizeof(Py_ssize_t))
        self.counts = <Counts*>calloc(count + 1, sizeof(Counts))
        self.scores = <double*>calloc((count + 1) * labels, sizeof(double))
        if not (self.contents and self.sizes and self.counts and self.scores):
            raise MemoryError
        for number in range(count):
            self.contents[number] = _content(texts[number], &self.sizes[number])
            self.counts[number].scores = self.scores + number * labels

    def __dealloc__(self):
        free(self.contents)
        free(self.sizes)
        free(self.counts)
        free(self.scores)

    cdef list tallies(self):
        cdef Py_ssize_t number
        cdef int label
        cdef Counts* counts
        result = []
        for number in range(len(self._texts)):
            counts = &self.counts[number]
            scores = tuple([counts.scores[label] for label in range(self.labels)])
            result.append(Tally(scores, counts.words, counts.known, counts.arabic, counts.foreign))
        return result


cdef class Lexicon:
    """The terms of a growing corpus, numbered as they come: counting for training.

    `count_many` gives the rows of a CSR matrix (row starts, term numbers, counts); terms not yet known are added while
    `grow` is true and passed over when not.
    """

    cdef readonly Reader reader
    cdef Py_ssize_t lead
    cdef uint32_t lead_count
    cdef uint32_t* slots
    cdef uint64_t* hashes
    cdef int64_t* spelling_starts
    cdef uint32_t* spellings
    cdef Py_ssize_t capacity, size, room, letters, letters_room
    cdef uint32_t* counts

    def __cinit__(self, reader, *, Py_ssize_t lead=0, uint32_t lead_count=2):
        self.reader, self.lead, self.lead_count = reader, lead, lead_count
        self.capacity, self.room, self.letters_room = 1 << 16, 1 << 15, 1 << 18
        self.slots = <uint32_t*>calloc(self.capacity, sizeof(uint32_t))
        self.hashes = <uint64_t*>malloc(self.room * sizeof(uint64_t))
        self.counts = <uint32_t*>calloc(self.room, sizeof(uint32_t))
        self.spelling_starts = <int64_t*>calloc(self.room + 1, sizeof(int64_t))
        self.spellings = <uint32_t*>malloc(self.letters_room * sizeof(uint32_t))
        if not (self.slots and self.hashes and self.counts and self.spelling_starts and self.spellings):
            raise MemoryError

    def __dealloc__(self):
        free(self.slots)
        free(self.hashes)
        free(self.counts)
        free(self.spelling_starts)
        free(self.spellings)

    def __len__(self):
        return self.size

    @property
    def terms(self):
        """The terms, in the order of their numbers."""
        cdef Py_ssize_t number, start
        result = []
        for number in range(self.size):
            start = self.spelling_starts[number]
            result.append(_spell(self.spellings + start, <int>(self.spelling_starts[number + 1] - start)))
        return result

    def add(self, terms):
        """Number terms that are already known, in the order given."""
        cdef Found found
        cdef int position
        for term in terms:
            if len(term) > WORD:
                raise ValueError(f"{term!r} is longer than a term can be")
            for position, letter in enumerate(term):
                found.copy[position] = ord(letter)
            found.letters, found.length, found.hash = found.copy, <int>len(term), _tables.hash_term(term)
            self._number(&found, True)

    def count_many(self, texts, bint grow=True):
        """Count the terms of texts: arrays of row starts (n + 1, int64), term numbers and counts (int32 each)."""
        starts, numbers, counts = array("q", [0]), array("i"), array("i")
        for text in texts:
            found, often = self._count(_utf8(text), grow)
            numbers.frombytes(found)
            counts.frombytes(often)
            starts.append(len(numbers))
        return starts, numbers, counts

    cdef tuple _count(self, text, bint grow):
        cdef Scanner scanner
        cdef Found found
        cdef Py_ssize_t size, distinct = 0, room = 256, place = 0, number
        cdef int64_t term
        cdef const char* content = _content(text, &size)
        cdef int32_t* touched = <int32_t*>malloc(room * sizeof(int32_t))
        cdef bytes found_bytes
        try:
            _begin(&scanner, &self.reader.letters, <const uint8_t*>content, size)
            while _next(&scanner, &found):
                term = self._number(&found, grow)
                place += 1
                if term < 0:
                    continue
                if self.counts[term] == 0:
                    if distinct == room:
                        room *= 2
                        touched = <int32_t*>_grown(touched, room * sizeof(int32_t))
                    touched[distinct] = <int32_t>term
                    distinct += 1
                self.counts[term] += self.lead_count if place <= self.lead else 1
            found_bytes = (<char*>touched)[: distinct * sizeof(int32_t)]
            for number in range(distinct):
                term = touched[number]
                touched[number] = <int32_t>self.counts[term]
                self.counts[term] = 0
            return found_bytes, (<char*>touched)[: distinct * sizeof(int32_t)]
        finally:
            free(touched)

    cdef int64_t _number(self, Found* found, bint grow) except -2:
        cdef Py_ssize_t slot = <Py_ssize_t>(((found.hash >> 32) * <uint64_t>self.capacity) >> 32)
        while self.slots[slot]:
            if self.hashes[self.slots[slot] - 1] == found.hash:
                return <int64_t>self.slots[slot] - 1
            slot += 1
            if slot == self.capacity:
                slot = 0
        if not grow:
            return -1
        self._make_room(found.length)
        self.hashes[self.size] = found.hash
        memcpy(self.spellings + self.letters, found.letters, found.length * sizeof(uint32_t))
        self.letters += found.length
        self.size += 1
        self.spelling_starts[self.size] = self.letters
        self.slots[slot] = <uint32_t>self.size
        if self.size * 2 > self.capacity:
            self._rehash()
        return self.size - 1

    cdef int _make_room(self, int letters) except -1:
        cdef Py_ssize_t old = self.room
        if self.size + 1 >= self.room:
            self.room *= 2
            self.hashes = <uint64_t*>_grown(self.hashes, self.room * sizeof(uint64_t))
            self.counts = <uint32_t*>_grown(self.counts, self.room * sizeof(uint32_t))
            memset(self.counts + old, 0, (self.room - old) * sizeof(uint32_t))
            self.spelling_starts = <int64_t*>_grown(self.spelling_starts, (self.room + 1) * sizeof(int64_t))
        if self.letters + letters > self.letters_room:
            self.letters_room *= 2
            self.spellings = <uint32_t*>_grown(self.spellings, self.letters_room * sizeof(uint32_t))
        return 0

    cdef int _rehash(self) except -1:
        cdef Py_ssize_t number, slot, capacity = self.capacity * 2
        cdef uint32_t* slots = <uint32_t*>calloc(capacity, sizeof(uint32_t))
        if slots == NULL:
            raise MemoryError
        for number in range(self.size):
            slot = <Py_ssize_t>(((self.hashes[number] >> 32) * <uint64_t>capacity) >> 32)
            while slots[slot]:
                slot += 1
                if slot == capacity:
                    slot = 0
            slots[slot] = <uint32_t>(number + 1)
        free(self.slots)
        self.slots, self.capacity = slots, capacity
        return 0


cdef void* _grown(void* memory, size_t size) except NULL:
    cdef void* larger = realloc(memory, size)
    if larger == NULL:
        raise MemoryError
    return larger
