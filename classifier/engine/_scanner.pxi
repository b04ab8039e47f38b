"""UTF-8 to terms: a `Scanner` walks the bytes and hands out one term at a time, hashed.

Letters gather in a run, which ends at a separator; an ended run is handed out as one term, or as several where a function
word runs into an article. The same rules as `classifier.analysis`, which is the oracle of the tests.
"""


cdef struct Letters:
    uint16_t flat[FLAT]
    const uint16_t* index
    const uint16_t* blocks
    const uint32_t* keys
    const uint32_t* starts
    const uint32_t* units
    int key_count
    bint stem
    int ending


cdef struct Kept:
    int length
    Py_ssize_t start
    Py_ssize_t end
    uint32_t letters[WORD]


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
    Py_ssize_t starts[BUFFER]  # their character offsets
    uint64_t foreign  # one bit for each of them
    bint foreign_beyond
    Py_ssize_t end  # of the run, marks included
    Py_ssize_t handed  # terms handed out, where the last ones are kept
    Py_ssize_t told  # ... and endings
    Kept last[LONGEST_ENDING]


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
    s.byte = s.place = s.beyond = s.end = s.handed = s.told = 0
    s.closed, s.length, s.settled, s.ended, s.foreign, s.foreign_beyond = 0, 0, False, False, 0, False
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


cdef inline uint32_t _expand(Scanner* s, uint32_t code_point) noexcept nogil:
    """Queue the letters of an EXPAND code point; return the first, or a space where the table has none for it."""
    cdef int low = 0, high = s.table.key_count, middle
    while low < high:
        middle = (low + high) // 2
        if s.table.keys[middle] < code_point:
            low = middle + 1
        else:
            high = middle
    if low == s.table.key_count or s.table.keys[low] != code_point or s.table.starts[low] == s.table.starts[low + 1]:
        return SPACE
    s.expansion = s.table.units + s.table.starts[low]
    s.expansion_end = s.table.units + s.table.starts[low + 1]
    s.expansion_place = s.place
    return s.expansion[0]


cdef inline void _append(Scanner* s, uint32_t letter, Py_ssize_t place, bint foreign) noexcept nogil:
    s.end = place + 1
    if s.length < BUFFER:
        s.letters[s.length] = letter
        s.starts[s.length] = place
        s.foreign |= <uint64_t>foreign << s.length
        s.length += 1
    else:
        s.beyond += 1
        s.foreign_beyond |= foreign


cdef inline bint _has_article(Scanner* s) noexcept nogil:
    """True where the run has an article at a place where a function word may end: what nearly all runs lack."""
    cdef int length
    for length in range(SHORTEST_OPENER, LONGEST_OPENER + 1):
        if s.letters[length] == ALEF and s.letters[length + 1] == LAM:
            return True
    return False


cdef inline int _opener(Scanner* s) noexcept nogil:
    """The length of the function word that runs into an article at the front of the run, or 0."""
    cdef int number, position, length
    cdef Py_ssize_t available = s.length + s.beyond
    if available < SHORTEST_JOINED or not _has_article(s):
        return 0
    for number in range(OPENER_COUNT):
        length = OPENERS[number].length
        if available < length + 2 + STEM or s.letters[length] != ALEF or s.letters[length + 1] != LAM:
            continue
        for position in range(length):
            if OPENERS[number].letters[position] != s.letters[position]:
                break
        else:
            return length
    return 0


cdef inline void _hash(Found* found, const uint32_t* letters, int length) noexcept nogil:
    cdef int position
    cdef uint64_t value = SEED
    for position in range(length):
        value = (value ^ letters[position]) * MULTIPLIER
        value ^= value >> 29
    found.hash, found.letters, found.length = value, letters, length


cdef inline void _finish(Scanner* s, Found* found, const uint32_t* letters, int length) noexcept nogil:
    """Stem and hash the letters of a word."""
    if length > WORD:
        length = WORD
    if s.table.stem:
        _stem(&letters, &length)
    _hash(found, letters, length)
    found.arabic = 0x0600 <= letters[0] <= 0x08FF  # of the term: وApple is not Arabic


cdef void _take_front(Scanner* s, Found* found, int count) noexcept nogil:
    """Hand out the first `count` letters of the run, which goes on behind them."""
    # Only marks lie between two letters of a run; but a ligature's letters have one place.
    found.start, found.end = s.starts[0], max(s.starts[count - 1] + 1, s.starts[count])
    found.foreign = (s.foreign & ((<uint64_t>1 << count) - 1)) != 0
    memcpy(found.copy, s.letters, count * sizeof(uint32_t))
    s.length -= count
    s.foreign >>= count
    memmove(s.letters, s.letters + count, s.length * sizeof(uint32_t))
    memmove(s.starts, s.starts + count, s.length * sizeof(Py_ssize_t))
    _finish(s, found, found.copy, count)


cdef inline bint _take_run(Scanner* s, Found* found) noexcept nogil:
    """Hand out what is left of an ended run; False when that is too short to be a word."""
    cdef bint long_enough = s.length >= 2
    if long_enough:
        found.start, found.end, found.foreign = s.starts[0], s.end, s.foreign != 0 or s.foreign_beyond
        _finish(s, found, s.letters, s.length)
    s.length, s.beyond, s.settled, s.ended, s.foreign, s.foreign_beyond = 0, 0, False, False, 0, False
    return long_enough


cdef inline bint _hand_out(Scanner* s, Found* found) noexcept nogil:
    """Hand out the front of a run that is a function word, or an ended run; False when there is neither."""
    cdef int opener = 0 if s.settled else _opener(s)
    if opener:
        _take_front(s, found, opener)
        return True
    s.settled = True
    return s.ended and _take_run(s, found)


cdef inline void _read_common(Scanner* s) noexcept nogil:
    """Read on while code points have one or two bytes and need no thought, to the end of the run at most.

    This is where the time goes: everything is in local variables, and what is rare is left to `_read_one`.
    """
    cdef const uint8_t* text = s.text
    cdef Py_ssize_t byte = s.byte, ahead = s.place - s.byte, last = s.size - 1, end = s.end
    cdef int length = s.length
    cdef uint32_t code_point, cell
    cdef bint closed = s.closed != 0
    while byte < last and length < BUFFER:
        code_point = text[byte]
        if code_point >= 0x80:
            if not 0xC2 <= code_point < 0xE0 or (text[byte + 1] & 0xC0) != 0x80:
                break
            code_point = ((code_point & 0x1F) << 6) | (text[byte + 1] & 0x3F)
        cell = s.table.flat[code_point]
        if EXPAND < cell <= LETTER_BITS and not closed:
            s.letters[length] = cell
            s.starts[length] = byte + ahead
            length += 1
            end = byte + ahead + 1
        elif cell == SEPARATOR:
            closed = False
            s.ended = length > 0
        elif cell == DROP:
            end = byte + ahead + 1
        else:
            break
        byte += 1 + (code_point >= 0x80)
        ahead -= code_point >= 0x80
        if s.ended:
            break
    if not closed:
        s.closed = 0
    s.byte, s.place, s.length, s.end = byte, byte + ahead, length, end


cdef void _read_one(Scanner* s) noexcept nogil:
    """Read one code point of any kind."""
    cdef Py_ssize_t before = s.byte
    cdef uint32_t code_point = _decode(s), cell = _cell(s.table, code_point), letter = SPACE
    if cell == DROP:
        s.place += 1
        s.end = s.place
        return
    if cell > EXPAND:
        letter = cell & LETTER_BITS
    elif cell == SELF:
        letter = code_point
    elif cell == EXPAND:
        letter = _expand(s, code_point)
    if s.closed and s.length and letter != SPACE and (s.closed == CLOSES or letter == ALEF):
        s.byte, s.ended, s.closed = before, True, 0
        s.expansion = s.expansion_end = NULL
        return
    if letter == SPACE:
        s.ended = s.length > 0
    elif cell != EXPAND:
        _append(s, letter, s.place, (cell & FOREIGN) != 0)
    s.closed = cell & (CLOSES | CLOSES_BEFORE_ALEF)
    s.place += 1


cdef inline void _read_expansion(Scanner* s) noexcept nogil:
    """Take one letter of an EXPAND code point; a space ends the run."""
    if s.expansion[0] == SPACE:
        s.ended = s.length > 0
    else:
        _append(s, s.expansion[0], s.expansion_place, False)
    s.expansion += 1


cdef inline void _keep(Scanner* s, Found* found) noexcept nogil:
    """Keep a term that may be of the ending."""
    cdef Kept* kept = &s.last[s.handed % s.table.ending]
    kept.length, kept.start, kept.end = found.length, found.start, found.end
    memcpy(kept.letters, found.letters, found.length * sizeof(uint32_t))
    s.handed += 1


cdef bint _take_ending(Scanner* s, Found* found) noexcept nogil:
    """Hand out a term of the ending; False when all are."""
    cdef Py_ssize_t terms = min(s.handed, <Py_ssize_t>s.table.ending)
    cdef Kept* kept
    if s.told == terms:
        return False
    kept = &s.last[(s.handed - terms + s.told) % s.table.ending]
    found.copy[0] = ENDING
    memcpy(found.copy + 1, kept.letters, min(kept.length, WORD - 1) * sizeof(uint32_t))
    _hash(found, found.copy, min(kept.length + 1, WORD))
    found.start, found.end, found.foreign, found.arabic = kept.start, kept.end, False, False
    s.told += 1
    return True


cdef inline bint _next(Scanner* s, Found* found) noexcept nogil:
    """Find the next term, behind them all those of the ending; False when there is none."""
    if s.told == 0 and _next_in_order(s, found):
        if s.table.ending:
            _keep(s, found)
        return True
    return s.table.ending and _take_ending(s, found)


cdef bint _next_in_order(Scanner* s, Found* found) noexcept nogil:
    """Find the next term; False at the end of the text."""
    while True:
        if s.ended or (s.length == BUFFER and not s.settled):
            if _hand_out(s, found):
                return True
        elif s.expansion != s.expansion_end:
            _read_expansion(s)
        elif s.byte < s.size:
            _read_common(s)
            if not s.ended and s.byte < s.size and (s.length < BUFFER or s.settled):
                _read_one(s)
        elif s.length:
            s.ended = True
        else:
            return False
