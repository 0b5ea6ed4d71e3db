package config

import (
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/repo/profile"
)

// assigns is the last assignment of each variable of one source.
type assigns map[string]*profile.Assign

func lastAssigns(list []profile.Assign) assigns {
	m := make(assigns, len(list))
	for i := range list {
		m[list[i].Name] = &list[i]
	}
	return m
}

// variables holds what each source sets, from the lowest to the highest.
type variables struct {
	globals     assigns
	installed   assigns   // what packages in ROOT say (readProfileEnv)
	nodes       []assigns // make.defaults by profile node
	conf        assigns   // /etc/make.conf and /etc/portage/make.conf
	env         map[string]string
	profileOnly map[string]bool // not heeded in conf and env
}

// loadVariables reads make.conf and gathers the others.
func (s *Settings) loadVariables() error {
	v := &variables{globals: lastAssigns(builtin()), env: s.opt.Env}
	for _, n := range s.stack.Nodes {
		v.nodes = append(v.nodes, lastAssigns(n.Vars))
	}
	v.profileOnly = map[string]bool{}
	for _, t := range v.fold("PROFILE_ONLY_VARIABLES") {
		v.profileOnly[t.text] = true
	}
	s.vars = v
	conf, err := s.readMakeConf()
	if err != nil {
		return err
	}
	v.conf = conf
	v.installed, err = s.readProfileEnv()
	return err
}

// readMakeConf reads /etc/make.conf and /etc/portage/make.conf, each a file or
// a directory; later files override earlier ones and may refer to them.
func (s *Settings) readMakeConf() (assigns, error) {
	out := assigns{}
	lookup := func(name string) (string, bool) {
		if a, ok := out[name]; ok {
			return a.Value, true
		}
		if isIncremental(name) {
			return "", false // folded over the sources; a copy of the lower ones would override them
		}
		if a := s.vars.profileValue(name); a != nil {
			return a.Value, true
		}
		value, ok := s.vars.env[name]
		return value, ok
	}
	for _, path := range []string{filepath.Join(s.places.configRoot, "etc", "make.conf"), s.places.user("make.conf")} {
		files, err := profile.Files(path)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			list, err := profile.ReadVars(f, profile.VarOptions{Lookup: lookup, Include: s.places.inSystem})
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since, or a dangling link
			}
			if err != nil {
				return nil, err
			}
			for i := range list {
				out[list[i].Name] = &list[i]
			}
		}
	}
	return out, nil
}

// profileValue is the assignment of the profile's last node that has one, or that of make.globals.
func (v *variables) profileValue(name string) *profile.Assign {
	for _, n := range slices.Backward(v.nodes) {
		if a, ok := n[name]; ok {
			return a
		}
	}
	if a, ok := v.installed[name]; ok {
		return a
	}
	return v.globals[name]
}

// confValue and envValue leave out what only a profile may set.
func (v *variables) confValue(name string) *profile.Assign {
	if v.profileOnly[name] {
		return nil
	}
	return v.conf[name]
}

func (v *variables) envValue(name string) *profile.Assign {
	value, ok := v.env[name]
	if !ok || v.profileOnly[name] {
		return nil
	}
	return &profile.Assign{Name: name, Value: value, Source: Source{File: environment, Text: name + "=" + value}}
}

// plain is the value of a variable that is not incremental.
func (v *variables) plain(name string) (string, Source) {
	for _, a := range []*profile.Assign{v.envValue(name), v.confValue(name), v.profileValue(name)} {
		if a != nil {
			return a.Value, a.Source
		}
	}
	return "", Source{}
}

// sources lists the assignments of a variable from the lowest to the highest.
// A list of what is accepted (isAcceptList) counts once for the whole profile.
func (v *variables) sources(name string) []*profile.Assign {
	var out []*profile.Assign
	add := func(a *profile.Assign) {
		if a != nil {
			out = append(out, a)
		}
	}
	add(v.globals[name])
	add(v.installed[name])
	if isAcceptList(name) {
		if a := v.profileValue(name); a != v.globals[name] {
			add(a)
		}
	} else {
		for _, n := range v.nodes {
			add(n[name])
		}
	}
	add(v.confValue(name))
	add(v.envValue(name))
	return out
}

// token is one word of a folded variable and where it was set.
type token struct {
	text  string
	where where
}

// fold applies the words of an incremental variable in order: "-x" removes x,
// "-*" all. The order is that of first appearance.
func (v *variables) fold(name string) []token { return foldTokens(v.tokens(name)) }

// tokens are the words of all sources in order, "-x" among them.
func (v *variables) tokens(name string) []token {
	var out []token
	for _, a := range v.sources(name) {
		out = append(out, assignTokens(a)...)
	}
	return out
}

func assignTokens(a *profile.Assign) []token {
	var out []token
	for at, w := range words(a.Value) {
		out = append(out, token{w, where{assign: a, offset: at}})
	}
	return out
}

func foldTokens(list []token) []token {
	var out []token
	at := map[string]int{} // index in out, plus one
	for _, t := range list {
		off, negative := strings.CutPrefix(t.text, "-")
		switch {
		case t.text == "-*":
			out, at = out[:0], map[string]int{}
		case negative:
			if i := at[off]; i > 0 {
				out[i-1].text = ""
				delete(at, off)
			}
		case at[t.text] == 0:
			out = append(out, t)
			at[t.text] = len(out)
		}
	}
	return slices.DeleteFunc(out, func(t token) bool { return t.text == "" })
}

// words yields the blank-separated words of a value with their offsets.
func words(value string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := 0; i < len(value); {
			if isBlank(value[i]) {
				i++
				continue
			}
			start := i
			for i < len(value) && !isBlank(value[i]) {
				i++
			}
			if !yield(start, value[start:i]) {
				return
			}
		}
	}
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// varValue is Settings.Var.
func (s *Settings) varValue(name string) (string, Source) {
	switch {
	case name == "USE":
		return s.globalUse()
	case name == "ACCEPT_LICENSE":
		return joinTokens(s.accept.license.tokens)
	case name == "ACCEPT_PROPERTIES":
		return joinTokens(s.accept.properties.tokens)
	case name == "ACCEPT_RESTRICT":
		return joinTokens(s.accept.restrict.tokens)
	case isIncremental(name):
		list := s.vars.fold(name)
		slices.SortFunc(list, func(a, b token) int { return strings.Compare(a.text, b.text) })
		value, _ := joinTokens(list)
		all := s.vars.sources(name)
		if len(all) == 0 {
			return value, Source{}
		}
		return value, all[len(all)-1].Source
	}
	return s.vars.plain(name)
}

// joinTokens returns the words and the place of the last one.
func joinTokens(list []token) (string, Source) {
	var b strings.Builder
	for i, t := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	if len(list) == 0 {
		return "", Source{}
	}
	return b.String(), list[len(list)-1].where.source()
}
