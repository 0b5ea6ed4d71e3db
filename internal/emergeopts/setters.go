package emergeopts

import (
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/solver/universe"
)

type (
	options  = universe.Options
	setter   = func(o *options, value string)
	tristate = universe.Tri
)

// on reports whether a y/n value means yes; the bare option does.
func on(value string) bool { return value != "n" }

func flag(field func(*options) *bool) setter {
	return func(o *options, v string) { *field(o) = on(v) }
}

func tri(field func(*options) *universe.Tri) setter {
	return func(o *options, v string) {
		*field(o) = universe.No
		if on(v) {
			*field(o) = universe.Yes
		}
	}
}

func words(field func(*options) *[]string) setter {
	return func(o *options, v string) { *field(o) = append(*field(o), strings.Fields(v)...) }
}

func text(field func(*options) *string) setter {
	return func(o *options, v string) { *field(o) = v }
}

// yesNo stores "y" or "n"; the bare option is "y".
func yesNo(field func(*options) *string) setter {
	return func(o *options, v string) {
		if v == "true" {
			v = "y"
		}
		*field(o) = v
	}
}

func setDeep(o *options, v string) {
	if v == "true" {
		o.Deep = universe.Unlimited
		return
	}
	o.Deep, _ = strconv.Atoi(v) // checked by Accepts
}

// setBacktrack keeps "not given" (0) and "--backtrack 0" (-1, no second
// attempt in compat mode) apart.
func setBacktrack(o *options, v string) {
	o.Backtrack, _ = strconv.Atoi(v) // checked by Accepts
	if o.Backtrack == 0 {
		o.Backtrack = -1
	}
}

// setAutounmask: the bare option also allows license changes by default, the
// value "y" as such does not (emerge's parser turns "=y" into the bare option,
// recorded runs may hold either).
func setAutounmask(o *options, v string) {
	o.Autounmask = universe.No
	if on(v) {
		o.Autounmask = universe.Yes
	}
	if v == "true" && o.AutounmaskLicense == universe.Unset {
		o.AutounmaskLicense = universe.Yes
	}
}

func setRebuiltSince(o *options, v string) {
	o.RebuiltBinariesTimestamp, _ = strconv.Atoi(v) // checked by Accepts
}

func setReinstall(o *options, _ string) { o.ChangedUse = true }

func setNoReplace(o *options, v string) {
	if on(v) && o.Selective == universe.Unset {
		o.Selective = universe.Yes
	}
}

func setAction(name string) setter {
	return func(o *options, v string) {
		if on(v) {
			o.Action = name
		}
	}
}
