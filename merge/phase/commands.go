package phase

// limitedCommands are those of PMS 12.3 that phases of a binary package may use
// and that not every EAPI has.
var limitedCommands = []string{
	"assert", "default", "edo", "get_libdir", "hasq", "hasv", "in_iuse", "nonfatal", "pipestatus",
	"useq", "usex", "ver_cut", "ver_replacing", "ver_rs", "ver_test",
}

// srcCommands are for src_* functions: here they abort, if the EAPI has them.
var srcCommands = []string{
	"dobin", "docinto", "docompress", "doconfd", "dodoc", "doenvd", "doexe", "dohard", "doheader", "dohtml", "doinfo",
	"doinitd", "doins", "dolib", "dolib.a", "dolib.so", "doman", "domo", "dosbin", "dosed", "dostrip", "eapply",
	"eapply_user", "econf", "einstall", "einstalldocs", "emake", "exeinto", "exeopts", "diropts", "insinto", "insopts",
	"into", "libopts", "newbin", "newconfd", "newdoc", "newenvd", "newexe", "newheader", "newinitd", "newins",
	"newlib.a", "newlib.so", "newman", "newsbin", "unpack",
}

// programs are commands that are in PATH as well, for xargs and find. PMS wants it
// of fperms and the like and, from EAPI 7, of nonfatal.
var programs = []string{
	"best_version", "die", "dodir", "dosym", "eerror", "einfo", "elog", "eqawarn", "ewarn",
	"fowners", "fperms", "has_version", "keepdir", "nonfatal",
}
