# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The engine compiled: the same answers as `plain`, read from UTF-8 in one pass without the interpreter lock.

One module in five parts, included below so that the C compiler sees them as one. Everything a model file could get wrong
is checked once, where a `Reader` or an `Engine` is made; after that no byte of any text leads outside an array.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.math cimport exp, fabs, log, sqrt
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

from array import array

from classifier import analysis, arabic
from classifier.analysis import Term
from classifier.engine import tables as _tables
from classifier.engine.tables import Occurrence, Tally
from classifier.errors import ModelFileError

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define prefetch(address) __builtin_prefetch(address)
    #else
    #define prefetch(address) ((void)0)
    #endif
    """
    void prefetch(const void* address) noexcept nogil

cdef enum:
    BUFFER = 64  # letters of a run that are kept, as many as a uint64 has bits; a term has at most WORD = 48 of them
    WORD = 48
    OPENER = 8
    LAST_CODE_POINT = 0x10FFFF
    FLAT = 0x800  # code points of one or two bytes have their cells in a flat table
    LOGS = 256
    KEYS = 64  # letters from alef on that may begin or end an affix
    NONE = 255
    WAVE = 16  # terms looked up together
    HASHES = 512  # ... and hashes handed over together
    ROOM = 4096  # terms of a text, before more memory is asked for
    LONGEST_ENDING = 16
    MOST = 0x7FFFFFFF  # where counting stops, so that no counter comes round to zero

cdef object NEW = tuple.__new__  # a named tuple's own constructor takes thrice as long

assert WORD == analysis.WORD_LETTERS and LONGEST_ENDING == analysis.LONGEST_ENDING

cdef uint32_t SEPARATOR = arabic.SEPARATOR, DROP = arabic.DROP, SELF = arabic.SELF, EXPAND = arabic.EXPAND
cdef uint32_t FOREIGN = arabic.FOREIGN, CLOSES = arabic.CLOSES, CLOSES_BEFORE_ALEF = arabic.CLOSES_BEFORE_ALEF
cdef uint32_t LETTER_BITS = arabic.LETTER_BITS
cdef uint32_t ALEF = ord(arabic.ALEF), LAM = ord(arabic.ARTICLE[1]), SPACE = 32
cdef uint32_t LAST_SIGN = ord(arabic.LAST_SIGN), ENDING = ord(arabic.ENDING)
cdef int STEM = arabic.STEM_LETTERS
cdef uint64_t SEED = _tables.SEED, MULTIPLIER = _tables.MULTIPLIER
cdef double LARGEST = _tables.LARGEST
cdef Py_ssize_t LEAST_WORDS = _tables.LEAST_WORDS
cdef Py_ssize_t PIECES = _tables.PIECES, SHORTEST = _tables.SHORTEST, PIECE = _tables.PIECE

include "_affixes.pxi"
include "_scanner.pxi"
include "_reader.pxi"
include "_scoring.pxi"
include "_lexicon.pxi"
