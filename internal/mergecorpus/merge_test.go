package mergecorpus_test

import "testing"

// A link of the package where another package's directory is: refused with the default FEATURES too, and nothing is changed.
func TestLinkOverDirectoryOfAnother(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/coll-a-1")
	p.mergeFails("=app-mc/coll-sym-1")
	p.want(`/usr/share/coll dir
		/usr/share/coll.backup.0000 missing
		/usr/share/other missing
		vdb app-mc/coll-sym-1 missing
		said /usr/share/coll`)
}

// A directory of the package where the user's file is: the file steps aside under the next free name, and
// stays when the package goes. collision-protect refuses.
func TestDirectoryOverUsersFile(t *testing.T) {
	p := newPlay(t)
	p.edit("write", "/usr/share/coll", "user file\n")
	p.edit("write", "/usr/share/coll.backup.0000", "an older one\n")
	p.with("FEATURES=collision-protect")
	p.mergeFails("=app-mc/coll-a-1")
	p.want(`/usr/share/coll = "user file\n"`)
	p.with()
	p.merge("=app-mc/coll-a-1")
	p.want(`/usr/share/coll dir
		/usr/share/coll.backup.0000 = "an older one\n"
		/usr/share/coll.backup.0001 = "user file\n"`)
	p.unmerge("=app-mc/coll-a-1")
	p.want(`/usr/share/coll missing
		/usr/share/coll.backup.0001 = "user file\n"`)
}

// A link of the user to a directory, where the package has a directory: the files go through it, and their paths
// are recorded as the package has them.
func TestUsersLinkToDirectory(t *testing.T) {
	p := newPlay(t)
	p.edit("mkdir", "/data/coll")
	p.edit("symlink", "../../data/coll", "/usr/share/coll")
	p.merge("=app-mc/coll-a-1")
	p.want(`/usr/share/coll -> ../../data/coll
		/data/coll/a.txt = "a\n"
		vdb app-mc/coll-a-1 lists /usr/share/coll/a.txt`)
}

// A link of the user to a directory, where the package has a file: the link is replaced and kept as a copy, the
// directory is not touched.
func TestUsersLinkToDirectoryWhereFileIs(t *testing.T) {
	p := newPlay(t)
	p.edit("write", "/home/u/dir/mine", "mine\n")
	p.edit("symlink", "../../../home/u/dir", "/usr/share/coll/shared.txt")
	p.merge("=app-mc/coll-a-1")
	p.want(`/usr/share/coll/shared.txt = "from a\n"
		/home/u/dir/mine = "mine\n"
		` + saved + `coll-a-1/usr/share/coll/shared.txt -> ../../../home/u/dir`)
}

// Two paths of an image that a link of ROOT makes one: fine if they are equal.
func TestEqualPathsThroughLink(t *testing.T) {
	p := newPlay(t)
	p.edit("mkdir", "/usr/lib")
	p.edit("symlink", "usr/lib", "/lib")
	p.merge("=app-mc/intsame-1")
	p.want(`/usr/lib/ic/f = "one\n"
		vdb app-mc/intsame-1 lists /lib/ic/f
		vdb app-mc/intsame-1 lists /usr/lib/ic/f`)
	p.unmerge("=app-mc/intsame-1")
	p.want(`/lib -> usr/lib
		/usr/lib dir
		/usr/lib/ic missing`)
}

// A masked file does not collide: INSTALL_MASK comes before the check.
func TestMaskedFileDoesNotCollide(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/coll-a-1")
	p.with("INSTALL_MASK=/usr/share/coll/shared.txt")
	p.merge("=app-mc/coll-b-1")
	p.want(`/usr/share/coll/shared.txt = "from a\n"
		vdb app-mc/coll-b-1 lists not /usr/share/coll/shared.txt`)
}

// A line break in a name: refused before anything is written.
func TestLineBreak(t *testing.T) {
	p := newPlay(t)
	p.mergeFails("=app-mc/newline-1")
	p.want(`/usr missing
		vdb app-mc/newline-1 missing
		vdb app-mc/-MERGING-newline-1 missing
		said line break`)
}

// A FIFO in a GPKG: refused as in Portage, with the reason, before anything is written. An XPAK with one is installed.
func TestFIFOInPackage(t *testing.T) {
	p := newPlay(t)
	p.mergeFails("=app-mc/fifo-1")
	p.want(`/usr missing
		vdb app-mc missing
		/var/cache/edb/counter = "100"
		said a FIFO cannot be in a GPKG image`)
	p = newPlay(t, "merge-pkgdir-xpak")
	p.merge("=app-mc/fifo-1")
	p.want(`/usr/share/fifo/fifo fifo
		/usr/share/fifo/fifo mode 0640`)
	p.unmerge("=app-mc/fifo-1")
	p.want("/usr missing")
}

// pkg_preinst dies: nothing is installed and nothing is left.
func TestFailedPreinst(t *testing.T) {
	p := newPlay(t)
	p.mergeFails("=app-mc/failpre-1")
	p.want(`/usr/share/fail missing
		vdb app-mc/failpre-1 missing
		vdb app-mc/-MERGING-failpre-1 missing`)
}

// pkg_prerm and pkg_postrm die: the package goes all the same.
func TestFailedRemovalPhases(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/failrm-1")
	p.unmerge("=app-mc/failrm-1")
	p.want(`/usr missing
		vdb app-mc/failrm-1 missing`)
}

// The last consumer of a preserved library goes: the library goes with it.
func TestPreservedLibraryGoesWithItsConsumer(t *testing.T) {
	p := newPlay(t)
	p.merge("=lib-mc/libmc-1")
	p.merge("=app-mc/mcapp-1")
	p.merge("=lib-mc/libmc-2")
	p.want(`/usr/lib/libmc.so.1 -> libmc.so.1.0
		vdb lib-mc/libmc-2 lists /usr/lib/libmc.so.1.0`)
	p.unmerge("=app-mc/mcapp-1")
	p.want(`/usr/lib/libmc.so.1 missing
		/usr/lib/libmc.so.1.0 missing
		/usr/lib/libmc.so.2 -> libmc.so.2.0
		/var/lib/portage/preserved_libs_registry = "{}"`)
}

// After a kill in the middle of an installation Portage refuses the rerun with collision-protect for good: its own files are in the
// way. Here the rerun is as if nothing had been. (That we survive our own kills is TestKill.)
func TestRerunWithCollisionProtect(t *testing.T) {
	p := newPlay(t, "FEATURES=collision-protect")
	p.merge("=app-mc/many-1")
	p.merge("=app-mc/many-1")
	p.want("vdb app-mc/many-1 lists /usr/share/many/10")
	p.unmerge("=app-mc/many-1")
	p.want("/usr missing")
}
