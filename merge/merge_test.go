package merge

import (
	"strings"
	"testing"
)

var basic1 = pack{cpv: "app-mc/basic-1", files: `
	dir usr
	dir usr/bin
	file usr/bin/basic one 755
	dir usr/share
	dir usr/share/basic
	file usr/share/basic/gone gone
	file usr/share/basic/same same
	link usr/share/basic/link same`}

var basic2 = pack{cpv: "app-mc/basic-2", files: `
	dir usr
	dir usr/bin
	file usr/bin/basic two 755
	dir usr/share
	dir usr/share/basic
	file usr/share/basic/new new
	file usr/share/basic/same same
	link usr/share/basic/link new`}

func TestInstallUpgradeUninstall(t *testing.T) {
	w := newWorld(t)
	w.merge(basic1)
	first := `
		d usr
		d usr/bin
		f usr/bin/basic one
		d usr/share
		d usr/share/basic
		f usr/share/basic/gone gone
		l usr/share/basic/link -> same
		f usr/share/basic/same same`
	w.want("installed", first)
	r := w.merge(basic2)
	second := `
		d usr
		d usr/bin
		f usr/bin/basic two
		d usr/share
		d usr/share/basic
		l usr/share/basic/link -> new
		f usr/share/basic/new new
		f usr/share/basic/same same`
	w.want("upgraded", second)
	if len(r.Steps[0].Replaced) != 1 || r.Steps[0].Replaced[0] != "app-mc/basic-1" {
		t.Errorf("replaced: %v", r.Steps[0].Replaced)
	}
	w.merge(basic2)
	w.want("merged again", second)
	w.merge(basic1)
	w.want("downgraded", first)
	w.unmerge("app-mc/basic-1")
	w.want("uninstalled", "")
}

func TestUninstallWhatIsNotInstalled(t *testing.T) {
	w := newWorld(t)
	_, err := w.run(&Plan{Steps: []Step{{Action: Uninstall, CPV: "app-mc/basic-1"}}})
	if err == nil || !strings.Contains(err.Error(), "app-mc/basic-1: it is not installed") {
		t.Errorf("%v", err)
	}
}
