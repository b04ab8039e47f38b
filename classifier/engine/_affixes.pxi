"""What light stemming takes off a word, and the function words that are typed together with the next one."""


cdef struct Affix:
    int length
    uint32_t letters[OPENER]

cdef Affix PREFIXES[16]
cdef Affix SUFFIXES[16]
cdef Affix OPENERS[32]
cdef int OPENER_COUNT = len(arabic.JOINING_WORDS)
cdef int SHORTEST_OPENER = min(map(len, arabic.JOINING_WORDS)), LONGEST_OPENER = max(map(len, arabic.JOINING_WORDS))
cdef int SHORTEST_JOINED = SHORTEST_OPENER + 2 + arabic.STEM_LETTERS
# Affixes by the letter that gives them away (the first of a prefix, the last of a suffix): where to begin, and the next
# with the same letter; NONE ends a list. Most words begin or end with a letter of no affix and are done at once.
cdef int PREFIX_FIRST[KEYS]
cdef int PREFIX_NEXT[16]
cdef int SUFFIX_FIRST[KEYS]
cdef int SUFFIX_NEXT[16]


cdef void _fill(Affix* affixes, words) except *:
    cdef int number, position
    for number, word in enumerate(words):
        affixes[number].length = len(word)
        for position, letter in enumerate(word):
            affixes[number].letters[position] = ord(letter)


cdef void _index(int* first, int* following, affixes, int place) except *:
    """Lists of the affixes with one letter at `place`, each in the order given."""
    cdef int number, key
    for key in range(KEYS):
        first[key] = NONE
    for number in reversed(range(len(affixes))):
        key = ord(affixes[number][place]) - ALEF
        following[number], first[key] = first[key], number


_fill(PREFIXES, arabic.PREFIXES)
_fill(SUFFIXES, arabic.SUFFIXES)
_fill(OPENERS, arabic.JOINING_WORDS)
_index(PREFIX_FIRST, PREFIX_NEXT, arabic.PREFIXES, 0)
_index(SUFFIX_FIRST, SUFFIX_NEXT, arabic.SUFFIXES, -1)


cdef inline int _key(uint32_t letter) noexcept nogil:
    """The place of a letter in the lists of affixes; the last place is no letter's."""
    return <int>(letter - ALEF) if ALEF <= letter < ALEF + KEYS else KEYS - 1


cdef inline void _stem(const uint32_t** letters, int* length) noexcept nogil:
    cdef int position, size, n = length[0]
    cdef const uint32_t* word = letters[0]
    cdef int number = PREFIX_FIRST[_key(word[0])], turn = 0
    while number != NONE:
        size = PREFIXES[number].length
        position = size if n - size < STEM else 1
        while position < size and PREFIXES[number].letters[position] == word[position]:
            position += 1
        if position == size and n - size >= STEM:
            word += size
            n -= size
            break
        number = PREFIX_NEXT[number]
    number = SUFFIX_FIRST[_key(word[n - 1])]
    while number != NONE:
        size = SUFFIXES[number].length
        if number >= turn and n - size >= STEM and (size == 1 or SUFFIXES[number].letters[0] == word[n - 2]):
            n -= size
            turn = number + 1
            number = SUFFIX_FIRST[_key(word[n - 1])]
        else:
            number = SUFFIX_NEXT[number]
    letters[0] = word
    length[0] = n
