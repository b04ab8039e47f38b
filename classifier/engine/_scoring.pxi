"""A model's tables: text to the rows of its terms, and to scores."""


cdef double LOGARITHMS[LOGS]
for _count in range(1, LOGS):
    LOGARITHMS[_count] = 1.0 + log(_count)


cdef struct Counts:
    double* scores
    double spread
    int64_t terms
    int64_t words
    int64_t known
    int64_t arabic
    int64_t foreign


cdef class _Scratch:
    """Counters of one thread at work: one per row of the model, all zero between texts."""

    cdef uint32_t* counts
    cdef uint32_t* touched  # the rows whose counters are not zero
    cdef Py_ssize_t touched_count
    cdef int32_t* found  # the row of each term of the text, in order; -1 when unknown
    cdef Py_ssize_t room  # for so many terms
    cdef double* shares  # of a piece: one per label, then the least and the largest of the pieces

    def __cinit__(self, Py_ssize_t rows, int labels):
        self.room = ROOM
        self.counts = <uint32_t*>calloc(rows + 1, sizeof(uint32_t))
        self.touched = <uint32_t*>malloc((rows + 1) * sizeof(uint32_t))
        self.found = <int32_t*>malloc(self.room * sizeof(int32_t))
        self.shares = <double*>malloc(3 * labels * sizeof(double))
        if not (self.counts and self.touched and self.found and self.shares):
            raise MemoryError

    def __dealloc__(self):
        free(self.counts)
        free(self.touched)
        free(self.found)
        free(self.shares)

    cdef int grow(self) except -1 nogil:
        cdef int32_t* found = <int32_t*>realloc(self.found, 2 * self.room * sizeof(int32_t))
        if found == NULL:
            with gil:
                raise MemoryError
        self.found, self.room = found, 2 * self.room
        return 0

    cdef inline void count(self, Py_ssize_t row, uint32_t times) noexcept nogil:
        cdef uint32_t* count = self.counts + row
        if count[0] == 0:
            self.touched[self.touched_count] = <uint32_t>row
            self.touched_count += 1
        if count[0] < MOST:
            count[0] += times


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

    def __cinit__(self, tables):
        tables.check()
        cdef const uint32_t[::1] slots = tables.slots
        cdef const uint64_t[::1] hashes = tables.hashes
        cdef const float[::1] idf = tables.idf
        cdef const int16_t[::1] weights = tables.weights
        cdef const double[::1] scale = tables.scale
        cdef const double[::1] bias = tables.bias
        _check_slots(slots, hashes.shape[0])
        _check_numbers(idf, scale, bias)
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
        kept = _utf8(text)
        _begin(&scanner, &self.reader.letters, <const uint8_t*>PyBytes_AS_STRING(kept), PyBytes_GET_SIZE(kept))
        result = []
        while _next(&scanner, &found):
            result.append(NEW(Occurrence, (self._row(found.hash), found.start, found.end)))
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
            return self._tally_range(batch, 0, count)
        step = max(1, count // (threads * 8))
        from concurrent.futures import ThreadPoolExecutor  # costs 10 ms, which one text need not pay

        with ThreadPoolExecutor(threads) as pool:
            ranges = [(start, min(start + step, count)) for start in range(0, count, step)]
            parts = pool.map(lambda part: self._tally_range(batch, part[0], part[1]), ranges)
            return [tally for part in parts for tally in part]

    def _tally_range(self, _Batch batch, Py_ssize_t start, Py_ssize_t stop):
        cdef Py_ssize_t number
        cdef _Scratch scratch
        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = _Scratch(self.rows, self.labels)
        with nogil:
            for number in range(start, stop):
                self._tally_one(batch.contents[number], batch.sizes[number], scratch, &batch.counts[number])
        self._scratches.append(scratch)
        return batch.tallies(start, stop)

    cdef inline uint64_t _home(self, uint64_t wanted) noexcept nogil:
        return ((wanted >> 32) * self.capacity) >> 32

    cdef inline int64_t _row(self, uint64_t wanted) noexcept nogil:
        cdef uint64_t slot = self._home(wanted)
        cdef uint32_t row = self.slots[slot]
        while row:
            if self.hashes[row - 1] == wanted:
                return <int64_t>row - 1
            slot += 1
            if slot == self.capacity:
                slot = 0
            row = self.slots[slot]
        return -1

    cdef int _tally_one(self, const char* content, Py_ssize_t size, _Scratch scratch, Counts* counts) except -1 nogil:
        cdef Scanner scanner
        cdef Found found
        cdef uint64_t wave[WAVE]
        cdef bint is_word[WAVE]
        cdef int waiting = WAVE
        cdef Py_ssize_t told
        _begin(&scanner, &self.reader.letters, <const uint8_t*>content, size)
        while waiting == WAVE:
            waiting, told = 0, scanner.told
            while waiting < WAVE and _next(&scanner, &found):
                wave[waiting] = found.hash
                is_word[waiting] = found.letters[0] > LAST_SIGN
                prefetch(self.slots + self._home(found.hash))
                waiting += 1
                counts.arabic += found.arabic
                counts.foreign += found.foreign
            if counts.terms + WAVE > scratch.room:
                scratch.grow()
            self._count_wave(wave, is_word, waiting, waiting - <int>(scanner.told - told), scratch, counts)
        self._score(scratch, counts.scores)
        counts.spread = self._spread(scratch, counts.terms - scanner.told)
        return 0

    cdef inline void _count_wave(
        self, uint64_t* wave, bint* is_word, int size, int in_order, _Scratch scratch, Counts* counts
    ) noexcept nogil:
        """Count terms, a wave of them at a time: by the time one is looked up, the memory it needs has been fetched.

        Those behind the first `in_order` are of the ending.
        """
        cdef int number
        cdef int64_t row
        for number in range(size):
            row = self.slots[self._home(wave[number])]
            prefetch(self.hashes + row - (row > 0))
        for number in range(size):
            row = self._row(wave[number])
            scratch.found[counts.terms] = <int32_t>row
            if row >= 0:
                scratch.count(row, self.lead_count if counts.terms < self.lead and number < in_order else 1)
                counts.known += is_word[number]
            counts.words += is_word[number]
            counts.terms += 1

    cdef double _spread(self, _Scratch scratch, Py_ssize_t terms) noexcept nogil:
        """`Tables.spread` of the terms found, so many without the ending."""
        cdef Py_ssize_t size, gaps, place, number
        cdef int32_t* piece
        cdef double* shares = scratch.shares
        cdef double* least = shares + self.labels
        cdef double* largest = least + self.labels
        cdef double spread = 0.0
        cdef int label
        if terms < LEAST_WORDS:
            return 0.0
        size = min(PIECE, terms // 2, max(SHORTEST, terms // PIECES))
        gaps = max(2, min(PIECES, terms // size)) - 1
        for place in range(gaps + 1):
            piece = scratch.found + place * (terms - size) // gaps
            for number in range(size):
                if piece[number] >= 0:
                    scratch.count(piece[number], 1)
            self._score(scratch, shares)
            _softmax(shares, self.labels)
            for label in range(self.labels):
                least[label] = min(least[label], shares[label]) if place else shares[label]
                largest[label] = max(largest[label], shares[label]) if place else shares[label]
        for label in range(self.labels):
            spread += largest[label] - least[label]
        return spread

    cdef void _score(self, _Scratch scratch, double* scores) noexcept nogil:
        """Add up the touched rows, and leave none touched."""
        cdef Py_ssize_t number, row
        cdef int label
        cdef double value, square = 0.0
        cdef uint32_t count
        for label in range(self.labels):
            scores[label] = 0.0
        for number in range(scratch.touched_count):
            row = scratch.touched[number]
            count = scratch.counts[row]
            scratch.counts[row] = 0
            value = (LOGARITHMS[count] if count < LOGS else 1.0 + log(count)) * self.idf[row]
            square += value * value
            for label in range(self.labels):
                scores[label] += value * self.weights[row * self.labels + label]
        for label in range(self.labels):
            scores[label] = self.bias[label] + (scores[label] * self.scale[label] / sqrt(square) if square > 0.0 else 0.0)
        scratch.touched_count = 0


cdef inline void _softmax(double* scores, int labels) noexcept nogil:
    cdef double largest = scores[0], total = 0.0
    cdef int label
    for label in range(1, labels):
        largest = max(largest, scores[label])
    for label in range(labels):
        scores[label] = exp(scores[label] - largest)
        total += scores[label]
    for label in range(labels):
        scores[label] /= total


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


cdef int _check_numbers(const float[::1] idf, const double[::1] scale, const double[::1] bias) except -1:
    """Every factor must be a number (NaN fails the comparison too) of a size whose products are numbers as well."""
    cdef Py_ssize_t number
    cdef bint fit = True
    for number in range(idf.shape[0]):
        fit &= fabs(idf[number]) <= LARGEST
    for number in range(scale.shape[0]):
        fit &= fabs(scale[number]) <= LARGEST and fabs(bias[number]) <= LARGEST
    if not fit:
        raise ModelFileError("the weights are out of range; get or train the model again")
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
            self.contents[number] = PyBytes_AS_STRING(texts[number])
            self.sizes[number] = PyBytes_GET_SIZE(texts[number])
            self.counts[number].scores = self.scores + number * labels

    def __dealloc__(self):
        free(self.contents)
        free(self.sizes)
        free(self.counts)
        free(self.scores)

    cdef list tallies(self, Py_ssize_t start, Py_ssize_t stop):
        cdef Py_ssize_t number
        cdef int label
        cdef Counts* counts
        result = []
        for number in range(start, stop):
            counts = &self.counts[number]
            scores = tuple([counts.scores[label] for label in range(self.labels)])
            values = scores, counts.words, counts.known, counts.arabic, counts.foreign, counts.spread
            result.append(NEW(Tally, values))
        return result
