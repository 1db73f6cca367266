# set-clock <nanoseconds since 1970>: sets the wall clock of an x86-64 Linux guest.
# Exits with 0, with the error number of clock_settime(2), or with 22 (EINVAL) without a number.
#
# The only program of a guest that is not busybox: its date(1) sets whole seconds.
# setClock.ts has the machine code; a test assembles this file and compares.
        .set    SYS_EXIT, 60
        .set    SYS_CLOCK_SETTIME, 227
        .set    CLOCK_REALTIME, 0
        .set    EINVAL, 22

        .globl  _start
_start: mov     16(%rsp), %rsi          # argv[1]; the stack begins with argc, argv[0]
        mov     $EINVAL, %edi
        test    %rsi, %rsi
        jz      exit
        xor     %eax, %eax              # the number so far
digit:  movzbl  (%rsi), %edx
        inc     %rsi
        sub     $'0', %edx
        cmp     $9, %edx
        ja      number
        imul    $10, %rax
        add     %rdx, %rax
        jmp     digit
number: test    %rax, %rax
        jz      exit                    # not 1970 because a line was damaged
        xor     %edx, %edx
        mov     $1000000000, %ecx
        div     %rcx                    # rax: seconds, rdx: nanoseconds
        push    %rdx
        push    %rax                    # struct timespec
        mov     $CLOCK_REALTIME, %edi
        mov     %rsp, %rsi
        mov     $SYS_CLOCK_SETTIME, %eax
        syscall
        neg     %eax                    # 0, or the error number
        mov     %eax, %edi
exit:   mov     $SYS_EXIT, %eax
        syscall
