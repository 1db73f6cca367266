# notify: sends the string "scaletozero" to the program that listens on vsock port 138 of an x86-64 Linux guest.
# Exits with 0, or with the error number of socket(2), connect(2) or write(2): 104 (ECONNRESET) if no program listens.
#
# busybox has no AF_VSOCK.
# notify.ts has the machine code; a test assembles this file and compares.
        .set    SYS_WRITE, 1
        .set    SYS_SOCKET, 41
        .set    SYS_CONNECT, 42
        .set    SYS_EXIT, 60
        .set    AF_VSOCK, 40
        .set    SOCK_STREAM, 1
        .set    VMADDR_CID_LOCAL, 1
        .set    PORT, 138

        .globl  _start
_start: mov     $AF_VSOCK, %edi
        mov     $SOCK_STREAM, %esi
        xor     %edx, %edx
        mov     $SYS_SOCKET, %eax
        syscall
        test    %eax, %eax
        js      result
        mov     %eax, %ebx              # the socket
        mov     %ebx, %edi
        lea     address(%rip), %rsi
        mov     $text - address, %edx
        mov     $SYS_CONNECT, %eax
        syscall
        test    %eax, %eax
        js      result
        mov     %ebx, %edi
        lea     text(%rip), %rsi
        mov     $end - text, %edx
        mov     $SYS_WRITE, %eax
        syscall
        test    %eax, %eax
        js      result
        xor     %eax, %eax
result: neg     %eax                    # 0, or the error number
        mov     %eax, %edi
        mov     $SYS_EXIT, %eax
        syscall
address:                                # struct sockaddr_vm: family, reserved, port, CID, flags and padding
        .short  AF_VSOCK, 0
        .long   PORT, VMADDR_CID_LOCAL, 0
text:   .ascii  "scaletozero"
end:
