package rules

import "testing"

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"/usr/share/doc", "/usr/share/doc", true},
		{"/usr/*/doc", "/usr/share/x/doc", true}, // the star matches slashes
		{"*.la", "libx.la", true},
		{"*.la", "libx.lab", false},
		{"?", "", false},
		{"a?c", "abc", true},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"[]]", "]", true},
		{"[", "[", true},
		{"[a", "[a", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"", "", true},
		{"*", "", true},
		{"\\*", "\\anything", true}, // a backslash is an ordinary character
		{"*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	}
	for _, tt := range tests {
		if got := Match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.pattern, tt.name, got)
		}
	}
}

func TestMask(t *testing.T) {
	m := Mask{"/usr/share/doc", "-/usr/share/doc/mc/keep", "/usr/share/locale/*", "-/usr/share/locale/en", "*.la", "-"}
	tests := map[string]bool{
		"/usr/share/doc/mc/README":        true,
		"/usr/share/doc/mc/keep":          false,
		"/usr/share/doc/mc/keep/sub":      false,
		"/usr/share/docs":                 false,
		"/usr/share/locale/de/LC_MESSAGE": true,
		"/usr/share/locale/en/x":          false,
		"/usr/share/locale/en.la":         true,
		"/usr/lib/libx.la":                true,
		"/usr/lib/libx.so":                false,
	}
	for name, want := range tests {
		if got := m.Has(name); got != want {
			t.Errorf("%s masked: %v", name, got)
		}
	}
}

func TestProtect(t *testing.T) {
	p := NewProtect([]string{"/lost", "-*", "/etc", "/usr/share/conf/", "/opt/app.conf", "/gone", "-/gone"},
		[]string{"/etc/env.d", "/etc/env.d/deep/../x"})
	tests := map[string]bool{
		"/etc/passwd": true, "/etcetera": false, "/etc/env.d/10x": false, "/etc/env.dir": true,
		"/usr/share/conf/a": true, "/opt/app.conf": true, "/opt/app.conf.d": false, "/lost/x": false, "/gone/x": false,
	}
	for name, want := range tests {
		if got := p.Has(name); got != want {
			t.Errorf("%s protected: %v", name, got)
		}
	}
	if !NewProtect([]string{"/"}, nil).Has("/usr/bin/x") {
		t.Error("/ does not protect everything")
	}
	if NewProtect([]string{"/etc/a"}, []string{"/etc/a"}).Has("/etc/a") {
		t.Error("the mask does not win over the same entry")
	}
	if !NewProtect([]string{"/etc", "/etc/a/b"}, []string{"/etc/a"}).Has("/etc/a/b") {
		t.Error("a more specific entry does not win over the mask")
	}
}

func TestGlobs(t *testing.T) {
	g := Globs{"/var/lib", "/usr/share/doc/many/[!R]*", "*.pyc", "/srv/", ""}
	for name, want := range map[string]bool{
		"/var/lib": true, "/var/lib/many/state": false, "/usr/share/doc/many/a.txt": true, "/usr/share/doc/many/README": false,
		"/usr/lib/many/x.pyc": true, "/srv": false, "/srv/x": false,
	} {
		if got := g.Has(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPatterns(t *testing.T) {
	p := Patterns{"/usr/share/coll/", "/lib/modules/*", ""}
	for name, want := range map[string]bool{
		"/usr/share/coll": true, "/usr/share/coll/x": true, "/usr/share/collx": false, "/lib/modules/6.1/x.ko": true,
	} {
		if got := p.Has(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
