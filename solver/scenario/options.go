package scenario

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/solver/universe"
)

// Options are spelled as emerge's: "--with-bdeps=y". The name is that of the
// field of universe.Options, hyphens and case apart, so that every field, also
// one that is added later, can be written and read.

// setOption applies "--name" or "--name=value".
func setOption(o *universe.Options, word string) error {
	name, value, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
	key := strings.ToLower(strings.ReplaceAll(name, "-", ""))
	v := reflect.ValueOf(o).Elem()
	f := v.FieldByNameFunc(func(field string) bool { return strings.ToLower(field) == key })
	if !f.IsValid() {
		return fmt.Errorf("unknown option --%s", name)
	}
	bad := fmt.Errorf("option --%s does not take the value %q", name, value)
	switch {
	case f.Type() == reflect.TypeFor[universe.Tri]():
		tri, ok := map[string]universe.Tri{"": universe.Yes, "y": universe.Yes, "n": universe.No}[value]
		if !ok {
			return bad
		}
		f.SetUint(uint64(tri))
	case f.Kind() == reflect.Bool:
		if value != "" && value != "y" && value != "n" {
			return bad
		}
		f.SetBool(value != "n")
	case f.Kind() == reflect.Int:
		if !given {
			f.SetInt(universe.Unlimited)
			return nil
		}
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return bad
		}
		f.SetInt(n)
	case f.Kind() == reflect.String:
		if !given {
			value = "true"
		}
		f.SetString(value)
	default:
		f.Set(reflect.AppendSlice(f, reflect.ValueOf(strings.Fields(value))))
	}
	return nil
}

// optionWords lists the options that are not at their zero value, in the order
// of the fields.
func optionWords(o *universe.Options) []string {
	var out []string
	v := reflect.ValueOf(o).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		name := optionName(v.Type().Field(i).Name)
		switch {
		case f.Type() == reflect.TypeFor[universe.Tri]():
			name += "=" + map[universe.Tri]string{universe.Yes: "y", universe.No: "n"}[universe.Tri(f.Uint())]
		case f.Kind() == reflect.Int && f.Int() != universe.Unlimited:
			name += "=" + strconv.FormatInt(f.Int(), 10)
		case f.Kind() == reflect.String && f.String() != "true":
			name += "=" + quoteValue(f.String())
		case f.Kind() == reflect.Slice:
			name += "=" + quoteValue(strings.Join(f.Interface().([]string), " "))
		}
		out = append(out, name)
	}
	return out
}

// optionName turns a field name into emerge's spelling: WithBdeps is --with-bdeps.
func optionName(field string) string {
	for _, whole := range [...]string{"NewUse", "NewRepo", "OneShot", "NoDeps", "OnlyDeps", "EmptyTree",
		"UsePkg", "UseOldPkg", "GetBinPkg", "BuildPkgOnly", "NoBinDeps"} {
		field = strings.Replace(field, whole, whole[:1]+strings.ToLower(whole[1:]), 1)
	}
	var b strings.Builder
	b.WriteByte('-')
	for _, r := range field {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
