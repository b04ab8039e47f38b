"""A growing vocabulary: counting for training."""


cdef class Lexicon:
    """The terms of a growing corpus, numbered as they come: counting for training.

    One thread at a time: counting lets others run meanwhile. `count_many` gives the rows of a CSR matrix (row starts,
    term numbers, counts); terms not yet known are added while `grow` is true and passed over when not.
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
    cdef int32_t* found  # the distinct terms of one text, and ...
    cdef int32_t* often  # ... how often each stands there
    cdef Py_ssize_t distinct, found_room

    def __cinit__(self, Reader reader not None, *, Py_ssize_t lead=0, uint32_t lead_count=2):
        _tables.Weighting(lead, lead_count).check()
        self.reader, self.lead, self.lead_count = reader, lead, lead_count
        self.capacity, self.room, self.letters_room = 1 << 16, 1 << 15, 1 << 18
        self.slots = <uint32_t*>calloc(self.capacity, sizeof(uint32_t))
        self.hashes = <uint64_t*>malloc(self.room * sizeof(uint64_t))
        self.counts = <uint32_t*>calloc(self.room, sizeof(uint32_t))
        self.spelling_starts = <int64_t*>calloc(self.room + 1, sizeof(int64_t))
        self.spellings = <uint32_t*>malloc(self.letters_room * sizeof(uint32_t))
        self.found_room = 1 << 10
        self.found = <int32_t*>malloc(self.found_room * sizeof(int32_t))
        self.often = <int32_t*>malloc(self.found_room * sizeof(int32_t))
        if not (self.slots and self.hashes and self.counts and self.spelling_starts and self.spellings):
            raise MemoryError
        if not (self.found and self.often):
            raise MemoryError

    def __dealloc__(self):
        free(self.slots)
        free(self.hashes)
        free(self.counts)
        free(self.spelling_starts)
        free(self.spellings)
        free(self.found)
        free(self.often)

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

    def merge(self, Lexicon other not None):
        """Add another lexicon's terms; their numbers here, in the order of their numbers there (int64)."""
        cdef Found found
        cdef Py_ssize_t number
        numbers = array("q")
        for number in range(other.size):
            found.letters = other.spellings + other.spelling_starts[number]
            found.length = <int>(other.spelling_starts[number + 1] - other.spelling_starts[number])
            found.hash = other.hashes[number]
            numbers.append(self._number(&found, True))
        return numbers

    def count_many(self, texts, bint grow=True):
        """Count the terms of texts: arrays of row starts (n + 1, int64), term numbers and counts (int32 each)."""
        cdef Py_ssize_t size
        cdef const char* content
        starts, numbers, counts = array("q", [0]), array("i"), array("i")
        for text in texts:
            kept = _utf8(text)
            content, size = PyBytes_AS_STRING(kept), PyBytes_GET_SIZE(kept)
            with nogil:
                self._count(content, size, grow)
            numbers.frombytes((<char*>self.found)[: self.distinct * sizeof(int32_t)])
            counts.frombytes((<char*>self.often)[: self.distinct * sizeof(int32_t)])
            starts.append(len(numbers))
        return starts, numbers, counts

    cdef int _count(self, const char* content, Py_ssize_t size, bint grow) except -1 nogil:
        """Count one text's terms into `found` and `often`, and leave the counters at zero."""
        cdef Scanner scanner
        cdef Found found
        cdef Py_ssize_t place = 0, number
        cdef int64_t term
        self.distinct = 0
        _begin(&scanner, &self.reader.letters, <const uint8_t*>content, size)
        while _next(&scanner, &found):
            term = self._number(&found, grow)
            place += 1
            if term < 0:
                continue
            if self.counts[term] == 0:
                self._make_room_for_one()
                self.found[self.distinct] = <int32_t>term
                self.distinct += 1
            if self.counts[term] < MOST:
                self.counts[term] += self.lead_count if place <= self.lead and not scanner.told else 1
        for number in range(self.distinct):
            term = self.found[number]
            self.often[number] = <int32_t>self.counts[term]
            self.counts[term] = 0
        return 0

    cdef int _make_room_for_one(self) except -1 nogil:
        if self.distinct == self.found_room:
            self.found = <int32_t*>_grown(self.found, 2 * self.found_room * sizeof(int32_t))
            self.often = <int32_t*>_grown(self.often, 2 * self.found_room * sizeof(int32_t))
            self.found_room *= 2
        return 0

    cdef int64_t _number(self, Found* found, bint grow) except -2 nogil:
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

    cdef int _make_room(self, int letters) except -1 nogil:
        cdef Py_ssize_t room = self.room
        if self.size + 1 >= room:
            self.hashes = <uint64_t*>_grown(self.hashes, 2 * room * sizeof(uint64_t))
            self.counts = <uint32_t*>_grown(self.counts, 2 * room * sizeof(uint32_t))
            memset(self.counts + room, 0, room * sizeof(uint32_t))
            self.spelling_starts = <int64_t*>_grown(self.spelling_starts, (2 * room + 1) * sizeof(int64_t))
            self.room = 2 * room
        if self.letters + letters > self.letters_room:
            self.spellings = <uint32_t*>_grown(self.spellings, 2 * self.letters_room * sizeof(uint32_t))
            self.letters_room *= 2
        return 0

    cdef int _rehash(self) except -1 nogil:
        cdef Py_ssize_t number, slot, capacity = self.capacity * 2
        cdef uint32_t* slots = <uint32_t*>calloc(capacity, sizeof(uint32_t))
        if slots == NULL:
            with gil:
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


cdef void* _grown(void* memory, size_t size) except NULL nogil:
    cdef void* larger = realloc(memory, size)
    if larger == NULL:
        with gil:
            raise MemoryError
    return larger
