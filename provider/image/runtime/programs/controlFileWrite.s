# Writes to the files of controlFile.s: from %rsi to %rdi, without a line break at the end.
write:  mov     REQUEST+56(%rbp), %ecx
        lea     REQUEST+80(%rbp), %rsi
        lea     (%rsi,%rcx), %rdi
        cmp     %rdi, %rsi
        je      invalid
        cmpb    $'\n', -1(%rdi)
        jne     1f
        dec     %rdi
1:      cmp     %rdi, %rsi
        je      invalid
        test    %r15d, %r15d
        jnz     ask

# "+", "-" and a number, which is 1 if there is none, or "=" and a number.
        movzbl  (%rsi), %r10d
        inc     %rsi
        mov     $1, %eax
        cmp     $'=', %r10d
        je      1f
        cmp     %rdi, %rsi
        je      change
1:      cmp     %rdi, %rsi
        je      invalid
        xor     %eax, %eax
2:      movzbl  (%rsi), %ecx
        inc     %rsi
        sub     $'0', %ecx
        cmp     $9, %ecx
        ja      invalid
        mov     $10, %edx
        mul     %rdx
        jc      range
        add     %rcx, %rax
        jc      range
        cmp     %rdi, %rsi
        jb      2b
change: mov     %r14, %rcx
        cmp     $'=', %r10d
        je      4f
        cmp     $'+', %r10d
        jne     3f
        add     %r14, %rax
        jc      range
        jmp     4f
3:      cmp     $'-', %r10d
        jne     invalid
        sub     %rax, %rcx
        jc      range
        mov     %rcx, %rax
        mov     %r14, %rcx
4:      mov     %rax, %r14
        test    %rcx, %rcx              # only whether it is 0 is reported
        setz    %cl
        test    %rax, %rax
        setz    %al
        cmp     %al, %cl
        je      taken
        lea     awake(%rip), %rsi
        mov     $asleep - awake, %edx
        test    %r14, %r14
        jnz     5f
        lea     asleep(%rip), %rsi
        mov     $asked - asleep, %edx
5:      call    report
taken:  mov     REQUEST+56(%rbp), %eax
        mov     %rax, PAYLOAD(%rbp)
        mov     $8, %r8d
        jmp     reply

# "1". It is answered when the platform says that it has not made a template, and in each guest that it makes of the template.
ask:    cmpb    $'1', (%rsi)
        jne     invalid
        inc     %rsi
        cmp     %rdi, %rsi
        jne     invalid
        pushq   $0                      # forgets an earlier signal: waits for no time
        pushq   $0
        mov     %rsp, %rdx
        call    await
        add     $16, %rsp
        lea     asked(%rip), %rsi
        mov     $done - asked, %edx
        call    report
        xor     %edx, %edx
        call    await
        lea     done(%rip), %rsi
        mov     $wake - done, %edx
        call    report
        jmp     taken

invalid:
        mov     $-EINVAL, %r9d
        jmp     reply
range:  mov     $-ERANGE, %r9d
        jmp     reply

# Waits for SIGUSR1, as long as %rdx says; 0: for ever.
await:  lea     wake(%rip), %rdi
        xor     %esi, %esi
        mov     $8, %r10d
        mov     $SYS_RT_SIGTIMEDWAIT, %eax
        syscall
        ret

report: mov     $1, %edi
        mov     $SYS_WRITE, %eax
        syscall
        ret

awake:  .ascii  "awake yes\n"
asleep: .ascii  "awake no\n"
asked:  .ascii  "template\n"
done:   .ascii  "template-done\n"
wake:   .quad   1 << (SIGUSR1 - 1)
