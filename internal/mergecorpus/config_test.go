package mergecorpus_test

import "testing"

// An unmodified configuration file is replaced, and nothing is remembered.
func TestUnmodifiedConfig(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/conf-1")
	p.merge("=app-mc/conf-2")
	p.want(`/etc/mc/app.conf = "setting = 2\n"
		/etc/mc/._cfg0000_app.conf missing
		/var/lib/portage/config = ""`)
}

// A configuration file that the user deleted is offered, not put back, and offered again with every merge.
func TestDeletedConfig(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/conf-1")
	p.edit("rm", "/etc/mc/app.conf")
	p.merge("=app-mc/conf-2")
	p.want(`/etc/mc/app.conf missing
		/etc/mc/._cfg0000_app.conf = "setting = 2\n"`)
	p.edit("rm", "/etc/mc/._cfg0000_app.conf")
	p.merge("=app-mc/conf-2")
	p.want(`/etc/mc/app.conf missing
		/etc/mc/._cfg0000_app.conf = "setting = 2\n"`)
	p.unmerge("=app-mc/conf-2")
	p.want(`/etc/mc/._cfg0000_app.conf = "setting = 2\n"
		vdb app-mc/conf-2 missing`)
}

// An identical file of nobody's is no reason to offer anything.
func TestIdenticalUnownedConfig(t *testing.T) {
	p := newPlay(t)
	p.edit("write", "/etc/mc/app.conf", "setting = 1\n")
	p.merge("=app-mc/conf-1")
	p.want(`/etc/mc/app.conf = "setting = 1\n"
		/etc/mc/app.conf mtime 1700001000
		/etc/mc/._cfg0000_app.conf missing
		vdb app-mc/conf-1 lists /etc/mc/app.conf`)
}

// What was rejected once is not offered again, but for --noconfmem, and a downgrade.
func TestRejectedConfig(t *testing.T) {
	const offer = "/etc/mc/._cfg0000_app.conf"
	p := newPlay(t)
	p.merge("=app-mc/conf-1")
	p.edit("append", "/etc/mc/app.conf", "user = yes\n")
	p.merge("=app-mc/conf-2-r1")
	p.want(offer + ` = "setting = 2\n"`)
	p.edit("rm", offer)
	p.merge("=app-mc/conf-2-r1")
	p.want(offer + " missing")
	p.merge("--noconfmem =app-mc/conf-2-r1")
	p.want(offer + ` = "setting = 2\n"`)
	p.edit("rm", offer)
	p.merge("=app-mc/conf-2") // the same content in an older version
	p.want(offer + ` = "setting = 2\n"
		/etc/mc/app.conf = "setting = 1\nuser = yes\n"`)
}

// The user has replaced a directory of configuration by a link: protection looks at the path of the package, and
// the file behind the link is never touched.
func TestLinkedConfigDirectory(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/conf-1")
	p.edit("mv", "/etc/mc", "/data/mc")
	p.edit("symlink", "/data/mc", "/etc/mc")
	p.edit("append", "/data/mc/app.conf", "user = yes\n")
	p.merge("=app-mc/conf-2")
	p.want(`/etc/mc -> /data/mc
		/data/mc/app.conf = "setting = 1\nuser = yes\n"
		/data/mc/._cfg0000_app.conf = "setting = 2\n"`)
	p.unmerge("=app-mc/conf-2")
	p.want(`/etc/mc -> /data/mc
		/data/mc/app.conf = "setting = 1\nuser = yes\n"
		/data/mc/same.conf missing`)
}

// An offer that the user has edited is not reused: the next one has another number.
func TestEditedOffer(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/conf-1")
	p.edit("append", "/etc/mc/app.conf", "user = yes\n")
	p.merge("=app-mc/conf-2")
	p.edit("append", "/etc/mc/._cfg0000_app.conf", "half merged\n")
	p.merge("--noconfmem =app-mc/conf-2")
	p.want(`/etc/mc/._cfg0000_app.conf = "setting = 2\nhalf merged\n"
		/etc/mc/._cfg0001_app.conf = "setting = 2\n"`)
	p.merge("--noconfmem =app-mc/conf-2")
	p.want(`/etc/mc/._cfg0002_app.conf missing`)
}

// Empty .keep files are never protected: a touched one goes with its package, one with something in it stays.
func TestKeepFiles(t *testing.T) {
	p := newPlay(t)
	p.merge("=app-mc/conf-1")
	p.edit("touch", "/etc/mc/sub/.keep", 1710000000)
	p.edit("touch", "/etc/mc/sub/.keep_corpus", 1710000000)
	p.unmerge("=app-mc/conf-1")
	p.want(`/etc/mc/sub/.keep = "\n"
		/etc/mc/sub/.keep_corpus missing`)
}

// FEATURES=merge-use-vdb does not make us believe times: what a new version has with the old time is
// installed.
func TestMergeUseVDB(t *testing.T) {
	p := newPlay(t, "FEATURES=merge-use-vdb")
	p.merge("=app-mc/fixedm-1")
	p.merge("=app-mc/fixedm-2")
	p.want(`/usr/share/fixedm/f = "aaaa2\n"`)
}
