"""A letter table and a setting of the analysis: text to terms, and to their hashes."""


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
        cdef uint32_t code_point, cell
        cdef Py_ssize_t number
        for number in range(index.shape[0]):
            if (<Py_ssize_t>index[number] + 1) * 256 > blocks.shape[0]:
                raise ModelFileError("the letter table points outside itself; get or train the model again")
        for number in range(starts.shape[0]):
            if starts[number] > units.shape[0] or (number and starts[number] < starts[number - 1]):
                raise ModelFileError("the letter table points outside itself; get or train the model again")
        for number in range(units.shape[0]):
            if units[number] > LAST_CODE_POINT:
                raise ModelFileError("the letter table holds what is no letter; get or train the model again")
        self._kept = (table.index, table.blocks, table.keys, table.starts, table.units)
        self.letters.index, self.letters.blocks = &index[0], &blocks[0]
        self.letters.keys = &keys[0] if keys.shape[0] else NULL
        self.letters.units = &units[0] if units.shape[0] else NULL
        self.letters.starts = &starts[0]
        self.letters.key_count = <int>keys.shape[0]
        settings.check()
        self.letters.stem, self.letters.ending = settings.stem, settings.ending
        for code_point in range(FLAT):
            cell = blocks[<Py_ssize_t>index[code_point >> 8] * 256 + (code_point & 255)]
            self.letters.flat[code_point] = SEPARATOR if cell & LETTER_BITS == SPACE else cell

    def terms(self, text):
        """The terms of a text, in order, with character offsets; behind them its ending."""
        cdef Scanner scanner
        cdef Found found
        kept = _utf8(text)
        _begin(&scanner, &self.letters, <const uint8_t*>PyBytes_AS_STRING(kept), PyBytes_GET_SIZE(kept))
        result = []
        while _next(&scanner, &found):
            values = _spell(found.letters, found.length), found.start, found.end, bool(found.foreign)
            result.append(NEW(Term, values))
        return result

    def hashes(self, text):
        """The hashes of a text's terms, in order and without its ending (for comparing texts with each other)."""
        cdef Scanner scanner
        cdef Found found
        cdef uint64_t wave[HASHES]
        cdef int count = HASHES
        kept = _utf8(text)
        _begin(&scanner, &self.letters, <const uint8_t*>PyBytes_AS_STRING(kept), PyBytes_GET_SIZE(kept))
        result = array("Q")
        while count == HASHES:
            with nogil:
                count = 0
                while count < HASHES and _next_in_order(&scanner, &found):
                    wave[count] = found.hash
                    count += 1
            result.frombytes((<char*>wave)[: count * sizeof(uint64_t)])
        return result


cdef object _utf8(object text):
    """A text as UTF-8, `?` for its lone surrogates; a copy, since what Python keeps in a `str` stays there."""
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise TypeError(f"a text is a str or UTF-8 bytes, not {type(text).__name__}")
    return text.encode("utf-8", "replace")
