# controlFile <name> <digit>: serves a character device of an x86-64 Linux guest through /dev/cuse, as one of the files in /uk/libukp that
# programs of the cloud know. Exits with 0 once the device, which has the number 60:<digit>, can be opened; a child of it then serves it.
# Reports to its standard output. Digit 0: a count; any other: the file that asks for a template. initScript.ts describes both.
#
# controlFile.ts has the machine code; a test assembles this file and compares. Source of the protocol: include/uapi/linux/fuse.h.
        .include "controlFileNames.s"

        .globl  _start
_start: mov     16(%rsp), %rbx          # argv[1]; the stack begins with argc, argv[0]
        mov     24(%rsp), %rax          # argv[2]
        movzbl  (%rax), %r15d
        sub     $'0', %r15d
        sub     $FRAME, %rsp
        mov     %rsp, %rbp
        xor     %r14d, %r14d            # the count
        mov     %rbp, %rdi              # no file is open, and the first reply is empty
        mov     $REQUEST, %ecx
        xor     %eax, %eax
        rep     stosb
        lea     cuse(%rip), %rdi
        mov     $O_RDWR, %esi
        mov     $SYS_OPEN, %eax
        syscall
        mov     %eax, %r12d
        call    receive
        movl    $7, PAYLOAD(%rbp)       # the version of the protocol
        movl    $31, PAYLOAD+4(%rbp)
        movl    $MAX_DATA, PAYLOAD+16(%rbp)
        movl    $MAX_DATA, PAYLOAD+20(%rbp)
        movl    $MAJOR, PAYLOAD+24(%rbp)
        mov     %r15d, PAYLOAD+28(%rbp)
        movabs  $0x3d454d414e564544, %rax # DEVNAME=
        mov     %rax, PAYLOAD+72(%rbp)
        mov     $80, %r8d
name:   movzbl  (%rbx), %eax
        mov     %al, PAYLOAD(%rbp,%r8)
        inc     %rbx
        inc     %r8d
        test    %eax, %eax
        jnz     name
        call    answer
        xor     %edi, %edi              # SIG_BLOCK
        lea     wake(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        mov     $SYS_RT_SIGPROCMASK, %eax
        syscall
        mov     $SYS_FORK, %eax
        syscall
        xor     %edi, %edi
        test    %eax, %eax
        jnz     exit                    # a device that could not be made cannot be opened either

next:   call    receive
        xor     %r8d, %r8d              # bytes of the answer
        xor     %r9d, %r9d              # its error
        mov     REQUEST+4(%rbp), %eax
        movzbl  REQUEST+40(%rbp), %ebx  # the number of the open file, which `open` has chosen
        cmp     $FUSE_INTERRUPT, %eax
        je      next                    # of a request that is answered anyway
        cmp     $FUSE_OPEN, %eax
        je      open
        cmp     $FUSE_READ, %eax
        je      read
        cmp     $FUSE_WRITE, %eax
        je      write
        mov     $-ENOSYS, %r9d
        cmp     $FUSE_RELEASE, %eax
        jne     reply
        xor     %r9d, %r9d
        movb    $0, (%rbp,%rbx)
reply:  call    answer
        jmp     next

# The byte of an open file is one more than what has been read of it.
open:   xor     %ebx, %ebx
1:      cmpb    $0, (%rbp,%rbx)
        je      2f
        inc     %ebx
        cmp     $FILES, %ebx
        jb      1b
        mov     $-ENFILE, %r9d
        jmp     reply
2:      movb    $1, (%rbp,%rbx)
        mov     %rbx, PAYLOAD(%rbp)
        movq    $0, PAYLOAD+8(%rbp)
        mov     $16, %r8d
        jmp     reply

# "=" and the count; after its end from the beginning. The other file is empty.
read:   test    %r15d, %r15d
        jnz     reply
        lea     FRAME(%rbp), %rdi
        mov     %r14, %rax
        mov     $10, %ecx
1:      xor     %edx, %edx
        div     %rcx
        add     $'0', %dl
        dec     %rdi
        mov     %dl, (%rdi)
        test    %rax, %rax
        jnz     1b
        dec     %rdi
        movb    $'=', (%rdi)
        movzbl  (%rbp,%rbx), %eax
        lea     -1(%rdi,%rax), %rsi
        lea     FRAME(%rbp), %rcx
        sub     %rsi, %rcx              # bytes left
        jg      2f
        movb    $1, (%rbp,%rbx)
        jmp     reply
2:      mov     REQUEST+56(%rbp), %eax  # bytes asked for
        cmp     %rax, %rcx
        cmova   %rax, %rcx
        mov     %ecx, %r8d
        add     %cl, (%rbp,%rbx)
        lea     PAYLOAD(%rbp), %rdi
        rep     movsb
        jmp     reply

        .include "controlFileWrite.s"

# Reads the next request. Without the device, or once nobody needs it any more, the program ends.
receive:
        mov     %r12d, %edi
        lea     REQUEST(%rbp), %rsi
        mov     $FRAME - REQUEST - TEXT, %edx
        xor     %eax, %eax              # SYS_READ
        syscall
        cmp     $-ENOENT, %eax          # its sender has been killed
        je      receive
        mov     %eax, %edi
        neg     %edi
        test    %eax, %eax
        jle     exit
        ret
exit:   mov     $SYS_EXIT, %eax
        syscall

# Sends %r8d bytes of PAYLOAD, or the error in %r9d, as the answer to the request.
answer: lea     16(%r8), %edx
        mov     %edx, ANSWER(%rbp)
        mov     %r9d, ANSWER+4(%rbp)
        mov     REQUEST+8(%rbp), %rax
        mov     %rax, ANSWER+8(%rbp)
        mov     %r12d, %edi
        lea     ANSWER(%rbp), %rsi
        mov     $SYS_WRITE, %eax
        syscall
        ret

cuse:   .asciz  "/dev/cuse"
