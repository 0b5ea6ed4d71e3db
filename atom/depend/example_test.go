package depend_test

import (
	"fmt"

	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/eapi"
)

func ExampleNode_Evaluate() {
	n, err := depend.Depend("sys-libs/zlib ssl? ( || ( dev-libs/openssl:= gnutls? ( net-libs/gnutls ) ) )", eapi.Latest())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n.Evaluate(func(flag string) bool { return flag == "ssl" }))
	fmt.Println(n.Evaluate(func(string) bool { return false }))
	// Output:
	// sys-libs/zlib || ( dev-libs/openssl:= )
	// sys-libs/zlib
}
