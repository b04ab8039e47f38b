# cython: language_level=3, boundscheck=False, wraparound=False
"""`statuses.plain_look` in C, without the interpreter lock."""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

cdef extern from "Python.h":
    bytes PyUnicode_EncodeFSDefault(object text)

cdef extern from *:
    """
    #include <sys/stat.h>
    #ifdef __APPLE__
    #define NANOSECONDS st_mtimespec.tv_nsec
    #else
    #define NANOSECONDS st_mtim.tv_nsec
    #endif
    typedef struct { int64_t size, seconds, nanoseconds; } Status;
    static void look_up(const char* path, Status* status) {
        struct stat found;
        if (stat(path, &found) || !S_ISREG(found.st_mode)) {
            status->size = -1;
        } else {
            status->size = found.st_size;
            status->seconds = found.st_mtime;
            status->nanoseconds = found.NANOSECONDS;
        }
    }
    """
    ctypedef struct Status:
        int64_t size, seconds, nanoseconds
    void look_up(const char* path, Status* status) noexcept nogil


cdef object BILLION = 1_000_000_000  # as Python counts, for times beyond the year 2262


cdef tuple _seen(object path, Status* status):
    if status.size < 0:
        return None
    return path, status.size, status.seconds * BILLION + status.nanoseconds, None


def look(str place not None, paths):
    paths = list(paths)  # nobody else's while the lock is released
    cdef list encoded = [PyUnicode_EncodeFSDefault(place + path) for path in paths]
    cdef Py_ssize_t i, count = len(encoded)
    cdef const char** names = <const char**>malloc((count or 1) * sizeof(char*))
    cdef Status* found = <Status*>malloc((count or 1) * sizeof(Status))
    try:
        if names == NULL or found == NULL:
            raise MemoryError
        for i in range(count):
            names[i] = PyBytes_AS_STRING(encoded[i])
        with nogil:
            for i in range(count):
                look_up(names[i], &found[i])
        return [_seen(paths[i], &found[i]) for i in range(count)]
    finally:
        free(names)
        free(found)
