# Names for controlFile.s.
        .set    SYS_WRITE, 1
        .set    SYS_OPEN, 2
        .set    SYS_RT_SIGPROCMASK, 14
        .set    SYS_FORK, 57
        .set    SYS_EXIT, 60
        .set    SYS_RT_SIGTIMEDWAIT, 128
        .set    O_RDWR, 2
        .set    ENOENT, 2
        .set    EINVAL, 22
        .set    ENFILE, 23
        .set    ERANGE, 34
        .set    ENOSYS, 38
        .set    SIGUSR1, 10
        .set    FUSE_OPEN, 14
        .set    FUSE_READ, 15
        .set    FUSE_WRITE, 16
        .set    FUSE_RELEASE, 18
        .set    FUSE_INTERRUPT, 36
        .set    MAJOR, 60               # for local use. Source: Linux, admin-guide/devices.txt
        .set    MAX_DATA, 4096

# The frame, from %rbp: a byte for each open file, the answer, the request, and the end of the text that is read.
        .set    FILES, 256
        .set    ANSWER, FILES
        .set    PAYLOAD, ANSWER + 16
        .set    REQUEST, ANSWER + 256
        .set    TEXT, 32
        .set    FRAME, REQUEST + 8192 + TEXT
