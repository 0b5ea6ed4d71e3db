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
	// step 1
	//   merge dev-lang/python-3.12.2: DEPEND of dev-python/jinja-3.1.3
	// step 2
	//   merge dev-python/markupsafe-2.1.5: DEPEND of dev-python/jinja-3.1.3
	//   merge dev-python/docutils-0.20.1: asked for by @world
	// step 3
	//   merge dev-python/jinja-3.1.3: asked for by @world
}
