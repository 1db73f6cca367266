module host

go 1.22
