package atom_test

import (
	"fmt"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
)

func ExampleParse() {
	e, _ := eapi.Lookup("7")
	a, err := atom.Parse(">=dev-qt/qtgui-5.15:5=[jpeg,ssl?]", e)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.CP, a.Op, a.Version, a.Slot)
	fmt.Println(a.EvaluateUse(func(flag string) bool { return flag == "ssl" }))
	_, err = atom.Parse("dev-qt/qtgui-5.15", e)
	fmt.Println(err)
	// Output:
	// dev-qt/qtgui >= 5.15 5
	// >=dev-qt/qtgui-5.15:5=[jpeg,ssl]
	// invalid atom "dev-qt/qtgui-5.15": token "5.15" at column 14: a package name must not end in a hyphen and a version; to name a version put an operator such as = before the atom (EAPI 7, PMS 3.1.2, 8.3.1)
}

func ExampleVersion_Compare() {
	var vs []atom.Version
	for _, s := range []string{"1.10", "1.2_p1", "1.2", "1.2_rc3", "1.2-r1", "1.2a"} {
		v, err := atom.ParseVersion(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		vs = append(vs, v)
	}
	slices.SortFunc(vs, atom.Version.Compare)
	fmt.Println(vs)
	// Output: [1.2_rc3 1.2 1.2-r1 1.2_p1 1.2a 1.10]
}
