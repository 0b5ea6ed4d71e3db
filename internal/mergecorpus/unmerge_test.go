package mergecorpus_test

import "testing"

const saved = "/var/lib/portsolve/saved/app-mc/"

// userEdits changes all that can be changed of app-mc/basic-1.
func userEdits(p *play) {
	p.edit("append", "/usr/share/basic/changed.txt", "precious user edit\n")
	p.edit("write", "/usr/share/basic/user.txt", "the user's own file\n")
	p.edit("rm", "/usr/share/basic/gone.txt")
	p.edit("symlink", "/usr/share/basic/user.txt", "/usr/share/basic/gone.txt")
	p.edit("rewrite_keep_mtime", "/usr/share/basic/mode.sh", "SAME TEXT\n")
	p.edit("touch", "/usr/share/basic/same.txt", 1710000000)
	p.edit("rmtree", "/usr/share/basic/gonedir/deep")
	p.edit("write", "/usr/share/basic/gonedir/deep", "user file where the package had a directory\n")
}

// Unmerge with unmerge-orphans: what the user changed goes from its place, and is kept as a copy.
func TestUnmergeOfChangedFiles(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/basic-1")
	userEdits(p)
	p.unmerge("=app-mc/basic-1")
	p.want(`vdb app-mc/basic-1 missing
		/usr/share/basic/changed.txt missing
		/usr/share/basic/gone.txt missing
		/usr/share/basic/same.txt missing
		/usr/share/basic/mode.sh missing
		/usr/share/basic/link missing
		/usr/share/basic/user.txt = "the user's own file\n"
		/usr/share/basic/gonedir/deep = "user file where the package had a directory\n"
		` + saved + `basic-1/usr/share/basic/changed.txt = "version 1\nprecious user edit\n"
		` + saved + `basic-1/usr/share/basic/gone.txt -> /usr/share/basic/user.txt
		` + saved + `basic-1/usr/share/basic/mode.sh = "SAME TEXT\n"
		` + saved + `basic-1/usr/share/basic/same.txt missing`)
}

// Upgrade with -unmerge-orphans: a changed file that the new version drops stays in its place, a changed file
// that it has is replaced, and kept as a copy.
func TestUpgradeOfChangedFilesWithoutOrphans(t *testing.T) {
	p := newPlay(t, "FEATURES=-unmerge-orphans")
	p.merge("=app-mc/basic-1")
	for _, name := range []string{"changed.txt", "gone.txt", "same.txt"} {
		p.edit("append", "/usr/share/basic/"+name, "precious\n")
	}
	p.merge("=app-mc/basic-2")
	p.want(`/usr/share/basic/gone.txt = "only in 1\nprecious\n"
		/usr/share/basic/changed.txt = "version 2\n"
		/usr/share/basic/new.txt = "only in 2\n"
		` + saved + `basic-1 missing
		` + saved + `basic-2/usr/share/basic/changed.txt = "version 1\nprecious\n"
		` + saved + `basic-2/usr/share/basic/same.txt = "same in both\nprecious\n"
		vdb app-mc/basic-1 missing
		vdb app-mc/basic-2 lists not /usr/share/basic/gone.txt`)
}

// A state file below /var/lib, which is not protected: neither the upgrade nor the removal loses what the
// program has written.
func TestStateFile(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/data-1")
	p.edit("write", "/var/lib/data/state.db", "a year of user data\n")
	p.merge("=app-mc/data-2")
	p.want(saved + `data-2/var/lib/data/state.db = "a year of user data\n"`)
	p.edit("write", "/var/lib/data/state.db", "another year\n")
	p.unmerge("=app-mc/data-2")
	p.want(`/var/lib/data missing
		` + saved + `data-2/var/lib/data/state.db = "a year of user data\n"
		` + saved + `data-2.1/var/lib/data/state.db = "another year\n"`)
}

// The user has moved a directory away and left a link: the package's files behind it go, the link and what
// nobody owns stay.
func TestUsersLinkInPlaceOfDirectory(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/data-1")
	p.edit("mv", "/usr/share/data", "/home/data")
	p.edit("symlink", "../../home/data", "/usr/share/data")
	p.edit("write", "/home/data/mine.txt", "mine\n")
	p.unmerge("=app-mc/data-1")
	p.want(`/usr/share/data -> ../../home/data
		/home/data/mine.txt = "mine\n"
		/home/data/d.txt missing
		/home/data/sub missing
		vdb app-mc/data-1 missing`)
}

// Hard links of the user to a package's file: neither an upgrade, which sets the time of a file that stays the
// same, nor a removal changes what the user has.
func TestSnapshots(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/basic-1")
	for _, name := range []string{"same.txt", "changed.txt", "gone.txt"} {
		p.edit("link", "/usr/share/basic/"+name, "/home/snap/"+name)
	}
	p.merge("=app-mc/basic-2")
	snapshot := `/home/snap/same.txt = "same in both\n"
		/home/snap/same.txt mode 0644
		/home/snap/same.txt mtime 1700001000
		/home/snap/changed.txt = "version 1\n"
		/home/snap/changed.txt mode 0644
		/home/snap/gone.txt = "only in 1\n"
		/home/snap/gone.txt mode 0644
		/home/snap/gone.txt mtime 1700001000`
	p.want(snapshot + "\n/usr/share/basic/same.txt mtime 1700002000")
	p.unmerge("=app-mc/basic-2")
	p.want(snapshot + "\n/usr/share/basic missing")
}

// Hard links within a package stay together over an upgrade even if the user has one more, which keeps the old content.
func TestUsersLinkToHardLinkedFiles(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/links-1")
	p.want("/usr/share/links/one links 3")
	p.edit("link", "/usr/share/links/one", "/home/one")
	p.merge("=app-mc/links-2")
	p.want(`/usr/share/links/one links 2
		/usr/share/links/two links 2
		/usr/libexec/links/three links 1
		/home/one = "linked v1\n"
		/home/one links 1`)
	p.unmerge("=app-mc/links-2")
	p.want(`/usr/share missing
		/home/one mode 0644`)
}

// A broken line of CONTENTS: it is reported, and its file belongs to nobody. An upgrade puts its own in
// place and keeps what was there.
func TestBrokenLineOfContents(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/basic-1")
	p.edit("append", "/var/db/pkg/app-mc/basic-1/CONTENTS", "obj /usr/share/basic/broken\nnonsense\n")
	p.edit("write", "/usr/share/basic/broken", "nobody's\n")
	p.unmerge("=app-mc/basic-1")
	p.want(`/usr/share/basic/broken = "nobody's\n"
		/usr/share/basic/same.txt missing
		vdb app-mc/basic-1 missing
		said CONTENTS of app-mc/basic-1: line`)
}

// FIFOs are not removed with -unmerge-orphans.
func TestFIFOWithoutOrphans(t *testing.T) {
	p := newPlay(t, "merge-pkgdir-xpak", "FEATURES=-unmerge-orphans")
	p.merge("=app-mc/fifo-1")
	p.unmerge("=app-mc/fifo-1")
	p.want(`/usr/share/fifo/fifo fifo
		/usr/share/fifo/x missing`)
}

// The user's empty directory goes with the package that lists it, one with something in it stays.
func TestDirectoriesOfTheUser(t *testing.T) {
	p := newPlay(t)
	p.edit("mkdir", "/usr/share/shared/a")
	p.merge("=app-mc/share-a-1")
	p.edit("write", "/usr/share/shared/both/mine", "mine\n")
	p.unmerge("=app-mc/share-a-1")
	p.want(`/usr/share/shared/a missing
		/usr/share/shared/both/mine = "mine\n"`)
}
