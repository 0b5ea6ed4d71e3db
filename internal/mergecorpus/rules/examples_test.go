package rules

import "strings"

// Each example is one step; "not" takes away a part of what proves it.

// Files that a package of the examples has.
const (
	two     = "- dir /usr\n- obj /usr/one 11\n- obj /usr/two 22\n"
	oneFile = "dir /usr\nfile /usr/one 11\n"
)

const aInstalled = "pkg a/a-1\n- dir /usr\n- obj /usr/x aa\n"

func savedExamples() []example {
	return []example{{
		name:       "a changed file goes with its package",
		wantBefore: "dir /usr\nfile /usr/x edited 9\n" + aInstalled,
		want:       "exit 0",
		got: `exit 0
			dir /var/lib/portsolve
			dir /var/lib/portsolve/saved 0700
			dir /var/lib/portsolve/saved/a 0700
			dir /var/lib/portsolve/saved/a/a-1 0700
			dir /var/lib/portsolve/saved/a/a-1/usr 0700
			file /var/lib/portsolve/saved/a/a-1/usr/x edited 9`,
		expect: []string{"1 /var/lib/portsolve", "1 /var/lib/portsolve/saved", "1 /var/lib/portsolve/saved/a",
			"1 /var/lib/portsolve/saved/a/a-1", "1 /var/lib/portsolve/saved/a/a-1/usr", "1 /var/lib/portsolve/saved/a/a-1/usr/x"},
		not: []change{
			{"got", "usr/x edited 9", "usr/x other 9"}, // another content
			{"got", "saved/a 0700", "saved/a 0755"},
			{"got", "usr/x edited 9", "usr/x edited 10"},                                                      // another time
			{"got", "usr/x edited 9", "usr/y edited 9"},                                                       // of nothing
			{"got", "file /var/lib/portsolve/saved/a/a-1/usr/x edited 9", ""},                                 // directories for nothing
			{"got", "usr/x edited 9", "usr/x edited 9\nfile /var/lib/portsolve/saved/junk zz"},                // and something else
			{"before", "/usr/x edited 9", "/usr/x aa 5"},                                                      // the package's own file
			{"got", "dir /var/lib/portsolve/saved 0700\n", "dir /var/lib/portsolve/saved 0700\ndir /var/x\n"}, // elsewhere
		},
	}, {
		name:       "an unowned file is replaced",
		wantBefore: "file /usr/x users",
		want:       "exit 0\nfile /usr/x aa\n" + aInstalled,
		got:        "exit 0\nfile /usr/x aa\nfile /var/lib/portsolve/saved/a/a-1/usr/x users\n" + aInstalled,
		expect:     []string{"1 /var/lib/portsolve/saved/a/a-1/usr/x"},
		not: []change{
			{"got", "saved/a/a-1/", "saved/b/b-1/"},     // a package that there is not
			{"got", "file /usr/x aa", "file /usr/x zz"}, // and something wrong is there now
			{"got", "x users", "x users 5 0600"},        // another mode
		},
	}, {
		name:       "a file of two packages",
		wantBefore: "dir /etc\nfile /etc/x aa\npkg a/a-1\n- obj /etc/x aa\npkg b/b-1\n- dir /etc\n- obj /etc/x aa",
		want:       "exit 0\npkg b/b-1\n- dir /etc\n- obj /etc/x aa",
		got:        "exit 0\ndir /etc\nfile /etc/x aa\npkg b/b-1\n- dir /etc\n- obj /etc/x aa",
		expect:     []string{"2 /etc", "2 /etc/x"},
		not: []change{
			{"got", "- obj /etc/x aa", ""},              // nobody's any more
			{"want", "- obj /etc/x aa", ""},             // Portage says so too
			{"got", "file /etc/x aa", "file /etc/x bb"}, // it was changed
		},
	}}
}

func refusedExamples() []example {
	return []example{{
		name:       "a link over a directory",
		wantBefore: "dir /usr/d\nfile /usr/d/users uu\ntext /var/cache/edb/counter 100",
		want:       "exit 0\ndir /usr/d\nfile /usr/d/users uu\nsym /usr/d.backup.0000 -> real\nfile /etc/profile.env 11\npkg a/a-1\n- sym /usr/d -> real",
		got:        "exit 1\ndir /usr/d\nfile /usr/d/users uu\ntext /var/cache/edb/counter 101\nempty a",
		expect:     []string{"3 exit", "3 /etc/profile.env", "3 /usr/d.backup.0000", "3 /var/cache/edb/counter", "3 vdb a", "3 vdb a/a-1"},
		not: []change{
			{"got", "exit 1", "exit 0"},                                 // it says that it worked
			{"got", "uu", "vv"},                                         // something was changed
			{"got", "empty a", "merging a/-MERGING-a-1"},                // something is left
			{"want", "- sym /usr/d -> real", "- dir /usr/d"},            // no conflict
			{"want", "- sym /usr/d -> real", "- sym /usr/e -> nowhere"}, // elsewhere
		},
	}, {
		name:       "a directory of the replaced version alone",
		wantBefore: "dir /usr/d\nfile /usr/d/f aa\npkg a/a-1\n- dir /usr/d\n- obj /usr/d/f aa\npkg b/b-1\n- dir /usr/d",
		want:       "exit 0\ndir /usr/d\nsym /usr/d.backup.0000 -> real\npkg a/a-2 2\n- sym /usr/d -> real\npkg b/b-1\n- dir /usr/d",
		got:        "exit 1\ndir /usr/d\nfile /usr/d/f aa\npkg a/a-1\n- dir /usr/d\n- obj /usr/d/f aa\npkg b/b-1\n- dir /usr/d",
		expect:     []string{"3 exit", "3 /usr/d.backup.0000", "3 /usr/d/f", "3 vdb a/a-1", "3 vdb a/a-2"},
		not:        []change{{"gotBefore", "pkg b/b-1\n- dir /usr/d", "pkg b/b-1"}}, // b is not there, and something was changed
	}, {
		name:       "a link over a file of another package",
		wantBefore: "file /usr/x aa\npkg b/b-1\n- obj /usr/x aa",
		want:       "exit 0\nsym /usr/x -> d\npkg a/a-1\n- sym /usr/x -> d\npkg b/b-1\n- obj /usr/x aa",
		got:        "exit 1\nfile /usr/x aa\npkg b/b-1\n- obj /usr/x aa",
		expect:     []string{"3 exit", "3 /usr/x", "3 vdb a/a-1"},
		not: []change{
			{"features", "", "-protect-owned"},                 // nothing forbids it
			{"want", "- sym /usr/x -> d", "- obj /usr/x bb"},   // Portage looks at files itself
			{"want", "pkg a/a-1", "pkg b/b-2"},                 // its own file
			{"got", "pkg b/b-1\n- obj /usr/x aa", "pkg b/b-1"}, // the owner was changed
			{"want", "exit 0\nsym /usr/x -> d", "exit 1\nsym /usr/x -> d"},
		},
	}}
}

func linkExamples() []example {
	const behind = "dir /data\nfile /data/users uu\nsym /usr/big -> /data\npkg a/a-1\n- dir /usr/big\n- obj /usr/big/f aa"
	return []example{{
		name:       "a link out of ROOT",
		wantBefore: "sym /usr/share -> <MNT>/out\noutside /out/keep kk",
		want:       "exit 0\nsym /usr/share -> <MNT>/out\noutside /out/keep kk\noutside /out/x aa\npkg a/a-1\n- dir /usr/share\n- obj /usr/share/x aa",
		got:        "exit 0\ndir /usr/share\nfile /usr/share/x aa\nsym /usr/share.backup.0000 -> <MNT>/out\noutside /out/keep kk\npkg a/a-1\n- dir /usr/share\n- obj /usr/share/x aa",
		image:      "- dir /usr/share\n- obj /usr/share/x aa",
		expect:     []string{"4 /usr/share", "4 /usr/share.backup.0000", "4 /usr/share/x", "4 outside /out/x"},
		not: []change{
			{"got", "outside /out/keep kk", "outside /out/keep zz"},
			{"got", "dir /usr/share", "dir /usr/share 0700"},
			{"got", "share/x aa", "share/x aa 5 0600"},
			{"got", "sym /usr/share.backup.0000 -> <MNT>/out", ""},
			{"got", "file /usr/share/x aa", "file /usr/share/x zz"},
			{"before", "<MNT>/out", "/out"},
		},
	}, {
		name:       "/usr/lib behind /lib",
		wantBefore: "dir /usr\ndir /usr/lib\nsym /lib -> usr/lib\nfile /usr/lib/x aa\npkg a/a-1\n- dir /usr\n- dir /usr/lib\n- obj /usr/lib/x aa",
		want:       "exit 0\nsym /lib -> usr/lib",
		got:        "exit 0\ndir /usr\ndir /usr/lib\nsym /lib -> usr/lib",
		expect:     []string{"5 /usr", "5 /usr/lib"},
		not: []change{
			{"got", "sym /lib -> usr/lib", "sym /lib -> usr"},
			{"got", "dir /usr/lib", "dir /usr/lib\nfile /usr/lib/x aa"},
		},
	}, {
		name:       "a link in place of a directory",
		wantBefore: behind,
		want:       "exit 0\ndir /data",
		got:        "exit 0\ndir /data\nfile /data/users uu\nsym /usr/big -> /data",
		expect:     []string{"5 /data/users", "5 /usr/big"},
		not: []change{
			{"got", "-> /data", "-> /other"},
			{"got", "uu", "vv"},
			{"before", "- dir /usr/big", "- sym /usr/big -> /data"}, // the package's own link
			{"gotBefore", "- obj /usr/big/f aa", "- obj /usr/big/f aa\n- obj /usr/big/users uu"}, // the package's own file
		},
	}}
}

func snapshotExamples() []example {
	return []example{{
		name:       "a snapshot",
		wantBefore: "file /home/s aa 5 0644 /usr/x\nfile /usr/x aa 5 0644 /usr/x\npkg a/a-1\n- obj /usr/x aa",
		want:       "exit 0\nfile /home/s aa 5 0000",
		got:        "exit 0\nfile /home/s aa 5 0644",
		expect:     []string{"6 /home/s"},
		not: []change{
			{"got", "0644", "0600"},
			{"got", "aa", "bb"},
			{"before", "0644 /usr/x\nfile /usr/x aa 5 0644 /usr/x", "0644\nfile /usr/x aa 5 0644"}, // never linked
		},
	}, {
		name:       "a snapshot of a file that stays",
		wantBefore: "file /home/s aa 5 0644 /usr/x\nfile /usr/x aa 5 0644 /usr/x\npkg a/a-1\n- obj /usr/x aa",
		want:       "exit 0\nfile /home/s aa 7 0644 /usr/x\nfile /usr/x aa 7 0644 /usr/x\npkg a/a-2\n- obj /usr/x aa 7",
		got:        "exit 0\nfile /home/s aa 5 0644\nfile /usr/x aa 7 0644\npkg a/a-2\n- obj /usr/x aa 7",
		expect:     []string{"6 /home/s", "6 /home/s", "6 /usr/x"},
		not: []change{
			{"got", "/home/s aa 5 0644", "/home/s aa 6 0644"},
			{"got", "/usr/x aa 7", "/usr/x zz 7"},
		},
	}, later()}
}

// later is the removal after "a snapshot of a file that stays".
func later() example {
	return example{
		name:       "a snapshot of a file that stayed, later",
		wantBefore: "file /home/s aa 7 0644 /usr/x\nfile /usr/x aa 7 0644 /usr/x\npkg a/a-2\n- obj /usr/x aa 7",
		gotBefore:  "file /home/s aa 5 0644\nfile /usr/x aa 7 0644\npkg a/a-2\n- obj /usr/x aa 7",
		want:       "exit 0\nfile /home/s aa 7 0000",
		got:        "exit 0\nfile /home/s aa 5 0644",
		expect:     []string{"6 /home/s", "6 /home/s"},
		not: []change{
			{"got", "aa 5", "aa 6"},
			{"wantBefore", "file /usr/x aa 7 0644 /usr/x", "file /usr/x aa 7"}, // shared with nothing of a package
		},
	}
}

func killExamples() []example {
	return []example{{
		name:       "what the killed run left",
		beforeKill: "dir /usr",
		wantBefore: "dir /usr\nfile /usr/only1 11\nfile /etc/x<TMP> tt\nmerging a/-MERGING-a-1",
		gotBefore:  "dir /usr",
		want:       "exit 0\ndir /usr\nfile /usr/only1 11\nfile /usr/x aa\nfile /etc/x<TMP> tt\nmerging a/-MERGING-a-1\npkg a/a-2\n- obj /usr/x aa",
		got:        "exit 0\ndir /usr\nfile /usr/x aa\npkg a/a-2\n- obj /usr/x aa",
		expect:     []string{"7 /etc/x<TMP>", "7 /usr/only1", "7 vdb a/-MERGING-a-1"},
		not: []change{
			{"beforeKill", "dir /usr", "dir /usr\nfile /usr/only1 11"},          // it was there before
			{"gotBefore", "dir /usr", "dir /usr\nfile /usr/only1 11"},           // ours has lost it
			{"want", "- obj /usr/x aa", "- obj /usr/x aa\n- obj /usr/only1 11"}, // a package's
			{"beforeKill", "dir /usr", "dir /usr\nmerging a/-MERGING-a-1"},      // of another run
			{"got", "file /usr/x aa", ""},                                       // and the package is not complete
		},
	}, {
		name:       "another version after the kill",
		beforeKill: "dir /etc",
		wantBefore: "dir /etc\nfile /etc/c 11",
		gotBefore:  "dir /etc",
		want:       "exit 0\ndir /etc\nfile /etc/c 11\nfile /etc/._cfg0000_c 22\npkg a/a-2\n- obj /etc/c 22",
		got:        "exit 0\ndir /etc\nfile /etc/c 22\npkg a/a-2\n- obj /etc/c 22",
		image:      "- obj /etc/c 22",
		expect:     []string{"7 /etc/._cfg0000_c", "7 /etc/c"},
		not: []change{
			{"beforeKill", "dir /etc", "dir /etc\nfile /etc/c 11"}, // the administrator's
			{"got", "file /etc/c 22", "file /etc/c 33"},            // not what is offered
			{"got", "file /etc/c 22", "file /etc/c 22 5 0600"},     // with another mode
			{"want", "cfg0000_c 22", "cfg0000_c 44"},               // another offer
		},
	}, {
		name:       "a rerun that Portage refuses",
		features:   "collision-protect",
		beforeKill: "dir /etc",
		wantBefore: "dir /etc\n" + oneFile + "merging a/-MERGING-a-1",
		gotBefore:  "dir /etc",
		want:       "exit 1\ndir /etc\n" + oneFile + "merging a/-MERGING-a-1",
		got:        "exit 0\ndir /etc\ntext /etc/profile.env # THIS FILE IS AUTOMATICALLY GENERATED BY env-update.;\n" + oneFile + "file /usr/two 22\npkg a/a-1\n" + two,
		image:      two,
		expect:     []string{"7 exit", "7 /etc/profile.env", "7 /usr/two", "7 vdb a/-MERGING-a-1", "7 vdb a/a-1"},
		not: []change{
			{"got", "file /usr/two 22", "file /usr/two zz"},                         // not as listed
			{"image", "- obj /usr/two 22", "- obj /usr/two 22\n- obj /usr/three 3"}, // a file is missing
			{"got", "GENERATED", "broken"},
			{"got", "file /usr/two 22", "file /usr/two 22\nfile /usr/junk jj"}, // a file too many
			{"beforeKill", "dir /etc", "dir /etc\nfile /usr/one 11"},           // the administrator's was in the way
		},
	}}
}

func forgottenExamples() []example {
	return []example{{
		name:       "a package that Portage has forgotten",
		beforeKill: oneFile + "pkg a/a-1\n- dir /usr\n- obj /usr/one 11",
		wantBefore: "dir /usr\nfile /usr/one 99\nfile /usr/only2 22\nmerging a/-MERGING-a-2",
		gotBefore:  oneFile + "pkg a/a-1\n- dir /usr\n- obj /usr/one 11",
		want:       "exit 1\ndir /usr\nfile /usr/one 99\nfile /usr/only2 22\nmerging a/-MERGING-a-2",
		got:        "exit 0\ntext /var/lib/portage/world ",
		expect:     []string{"7 exit", "7 /usr", "7 /usr/one", "7 /usr/only2", "7 /var/lib/portage/world", "7 vdb a/-MERGING-a-2"},
		not: []change{
			{"gotBefore", "/usr/one 11", "/usr/one edited"},          // the administrator's change went
			{"wantBefore", "merging", "pkg a/a-1\nmerging"},          // it has not
			{"gotBefore", oneFile, oneFile + "file /usr/only2 22\n"}, // nobody's file went
			{"got", "exit 0", "exit 0\nfile /usr/new nn"},
			{"got", "world ", "world a/other;"},
		},
	}, {
		name:       "memory of a half-done upgrade",
		beforeKill: "text /etc/c old\ntext /var/lib/portage/config /etc/z 1;",
		wantBefore: "text /etc/c new\ntext /var/lib/portage/config /etc/z 1;",
		gotBefore:  "text /etc/c old\ntext /var/lib/portage/config /etc/z 1;",
		want:       "exit 0\nfile /etc/c nn\ntext /var/lib/portage/config /etc/c nn;/etc/z 1;\npkg a/a-2\n- obj /etc/c nn",
		got:        "exit 0\nfile /etc/c nn\ntext /var/lib/portage/config /etc/z 1;\npkg a/a-2\n- obj /etc/c nn",
		expect:     []string{"7 /var/lib/portage/config"},
		not: []change{
			{"got", "file /etc/c nn", "file /etc/c oo"},
			{"got", "/etc/z 1;", "/etc/y 1;"},
			{"beforeKill", "/etc/z 1;", "/etc/c nn;/etc/z 1;"},
		},
	}}
}

func failureExamples() []example {
	return []example{{
		name:       "an upgrade that fails in the middle",
		wantBefore: "file /usr/x aa\ntext /var/cache/edb/counter 1\npkg a/a-1\n- obj /usr/x aa",
		want:       "exit 1\nfile /usr/x bb\nfile /usr/y cc\ntext /var/cache/edb/counter 2\nmerging a/-MERGING-a-2\npkg a/a-1\n- obj /usr/x aa",
		got:        "exit 1\nfile /usr/x aa\ntext /var/cache/edb/counter 1\npkg a/a-1\n- obj /usr/x aa",
		expect:     []string{"8 /usr/x", "8 /usr/y", "8 /var/cache/edb/counter", "8 vdb a/-MERGING-a-2"},
		not: []change{
			{"got", "file /usr/x aa", "file /usr/x cc"},
			{"got", "file /usr/x aa", ""},
			{"got", "pkg a/a-1", "pkg a/a-2"},
			{"want", "merging a/-MERGING-a-2", ""}, // Portage had refused it
			{"got", "exit 1", "exit 0"},
		},
	}, {
		name:       "pkg_preinst fails",
		wantBefore: "dir /usr",
		want:       "exit 1\ndir /usr\nmerging a/-MERGING-a-1",
		got:        "exit 1\ndir /usr\nempty a",
		expect:     []string{"8 vdb a", "8 vdb a/-MERGING-a-1"},
		not: []change{
			{"want", "merging a/-MERGING-a-1", "merging b/-MERGING-a-1"},
			{"got", "empty a", "pkg a/a-1"},
		},
	}}
}

func otherExamples() []example {
	const kept = "exit 0\ntext /etc/c edited\ntext /var/lib/portage/config /etc/c nn;\nfile /etc/._cfg0000_c nn\npkg a/a-2 2\n- obj /etc/c nn 7"
	return []example{{
		name:       "an edit that keeps the time",
		features:   "merge-use-vdb",
		wantBefore: "file /etc/c edited 5\npkg a/a-1\n- obj /etc/c oo",
		want:       "exit 0\nfile /etc/c nn 7\ntext /var/lib/portage/config x\npkg a/a-2 2\n- obj /etc/c nn 7",
		got:        "exit 0\nfile /etc/._cfg0000_c nn 7\nfile /etc/c edited 5\ntext /var/lib/portage/config x;/etc/c nn;\npkg a/a-2 2\n- obj /etc/c nn 7",
		expect:     []string{"9 /etc/._cfg0000_c", "9 /etc/c", "9 /etc/c", "9 /var/lib/portage/config"},
		not: []change{
			{"features", "merge-use-vdb", ""},
			{"got", "cfg0000_c nn", "cfg0000_c oo"},              // offers something else
			{"got", "file /etc/c edited", "file /etc/c changed"}, // the edit is lost
			{"got", "/etc/c nn;", "/etc/d nn;"},                  // remembers something else
			{"before", "edited 5", "edited 6"},                   // another time: Portage sees it
		},
	}, {
		name:       "a new content with the old time",
		features:   "merge-use-vdb",
		wantBefore: "file /usr/x oo\npkg a/a-1\n- obj /usr/x oo",
		want:       "exit 0\nfile /usr/x oo\npkg a/a-2 2\n- obj /usr/x nn",
		got:        "exit 0\nfile /usr/x nn\npkg a/a-2 2\n- obj /usr/x nn",
		expect:     []string{"9 /usr/x"},
		not: []change{
			{"features", "merge-use-vdb", "-merge-use-vdb"},
			{"got", "file /usr/x nn", "file /usr/x zz"},
			{"before", "file /usr/x oo", "file /usr/x edited"}, // an edit that is not saved
		},
	}, {
		name:       "types of paths",
		wantBefore: "file /usr/a aa\ndir /usr/b\npkg a/a-1\n- obj /usr/a aa\n- dir /usr/b",
		want:       "exit 0\ndir /usr/b\nfile /usr/b.backup.0000 bb\nfile /usr/q qq\npkg a/a-2 2\n- obj /usr/b bb\n- fif /usr/q",
		got:        "exit 0\nfile /usr/b bb\nfifo /usr/q\npkg a/a-2 2\n- obj /usr/b bb\n- fif /usr/q",
		image:      "- obj /usr/b bb\n- fif /usr/q",
		expect:     []string{"10 /usr/b", "10 /usr/b.backup.0000", "10 /usr/q"},
		not: []change{
			{"got", "file /usr/b bb", "file /usr/b zz"},
			{"got", "fifo /usr/q", "dir /usr/q"},
			{"got", "file /usr/b bb", "file /usr/b bb 5 0600"},
			{"want", "b.backup.0000 bb", "b.backup.0000 users"}, // the administrator's
		},
	}, {
		name:       "kept and offered, but for the memory",
		features:   "merge-use-vdb",
		wantBefore: "text /etc/c edited\npkg a/a-1\n- obj /etc/c oo",
		want:       strings.Replace(kept, "text /etc/c edited", "file /etc/c nn", 1),
		got:        kept + "\nfile /etc/._cfg0001_c nn",
		expect:     []string{"9 /etc/._cfg0001_c", "9 /etc/c", "9 /etc/c"},
		not:        []change{{"got", "_cfg0001_c nn", "_cfg0001_d nn"}},
	}}
}
