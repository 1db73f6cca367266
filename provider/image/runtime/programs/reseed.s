# reseed <64 hexadecimal digits>: gives the kernel of an x86-64 Linux guest 256 bits of entropy, and makes every random number from now on
# depend on them.
# Exits with 0, with the error number of open(2) or ioctl(2), or with 22 (EINVAL) without exactly so many lower-case digits.
#
# What is written to /dev/urandom counts for nothing until the kernel reseeds by itself, up to minutes later, and busybox has no ioctl.
# reseed.ts has the machine code; a test assembles this file and compares.
        .set    SYS_OPEN, 2
        .set    SYS_IOCTL, 16
        .set    SYS_EXIT, 60
        .set    O_RDONLY, 0
        .set    RNDADDENTROPY, 0x40085203
        .set    RNDRESEEDCRNG, 0x5207
        .set    EINVAL, 22
        .set    BYTES, 32

        .globl  _start
_start: mov     16(%rsp), %rsi          # argv[1]; the stack begins with argc, argv[0]
        mov     $EINVAL, %edi
        test    %rsi, %rsi
        jz      exit
        sub     $8 + BYTES, %rsp        # struct rand_pool_info: bits, bytes, the bytes
        movl    $8 * BYTES, (%rsp)
        movl    $BYTES, 4(%rsp)
        lea     8(%rsp), %rdx
        mov     $2 * BYTES, %ecx        # digits left
digit:  movzbl  (%rsi), %eax
        inc     %rsi
        sub     $'0', %eax
        cmp     $9, %eax
        jbe     nibble
        sub     $'a' - '0', %eax
        cmp     $5, %eax
        ja      exit
        add     $10, %eax
nibble: shlb    $4, (%rdx)
        or      %al, (%rdx)
        dec     %ecx
        test    $1, %cl
        jnz     digit
        inc     %rdx
        test    %ecx, %ecx
        jnz     digit
        cmpb    $0, (%rsi)
        jne     exit
        lea     device(%rip), %rdi
        mov     $O_RDONLY, %esi
        mov     $SYS_OPEN, %eax
        syscall
        test    %eax, %eax
        js      result
        mov     %eax, %edi
        mov     $RNDADDENTROPY, %esi
        mov     %rsp, %rdx
        mov     $SYS_IOCTL, %eax
        syscall
        test    %eax, %eax
        js      result
        mov     $RNDRESEEDCRNG, %esi
        mov     $SYS_IOCTL, %eax
        syscall
result: neg     %eax                    # 0, or the error number
        mov     %eax, %edi
exit:   mov     $SYS_EXIT, %eax
        syscall
device: .asciz  "/dev/urandom"
