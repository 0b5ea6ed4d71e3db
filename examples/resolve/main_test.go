package main

import (
	"fmt"
	"os"
)

// Example runs the program on its embedded system and compares what it prints.
func Example() {
	if err := run(os.Stdout, nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// status: solved
	// merge sys-libs/glibc-2.39-r6 (replaces sys-libs/glibc-2.38-r10)
	// merge sys-libs/zlib-1.3.1 (replaces sys-libs/zlib-1.3-r4)
	// merge sys-apps/coreutils-9.5 (replaces sys-apps/coreutils-9.4-r1)
	// merge dev-lang/python-3.12.2
	// merge dev-libs/icu-74.2 (replaces dev-libs/icu-73.2)
	// merge sys-apps/systemd-utils-254.8 (replaces sys-apps/systemd-utils-254.8)
	// merge dev-python/markupsafe-2.1.5 (replaces dev-python/markupsafe-2.1.5)
	// merge dev-libs/boost-1.84.0 (replaces dev-libs/boost-1.84.0)
	// merge dev-libs/libxml2-2.12.5 (replaces dev-libs/libxml2-2.11.7)
	// merge virtual/libudev-251-r2
	// merge dev-python/jinja-3.1.3 (replaces dev-python/jinja-3.1.3)
	// merge net-print/cups-2.4.7
	// merge app-office/libreoffice-24.2.1 (replaces app-office/libreoffice-24.2.1)
}
