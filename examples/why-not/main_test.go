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
	// net-p2p/gazelle-4.0::demo: not visible
	//   package.mask: masked by /var/db/repos/demo/profiles/package.mask:3: =net-p2p/gazelle-4.0
	// net-p2p/gazelle-4.1::demo: not visible
	//   LICENSE: LICENSE Gazelle-EULA is not accepted
	// net-p2p/gazelle-4.2_rc1::demo: not visible
	//   KEYWORDS: keyword ~amd64 is not accepted (ACCEPT_KEYWORDS is "amd64")
}
