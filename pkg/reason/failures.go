package reason

// Why the provisioner built no bastion.
var (
	BeginsTooLate     = say("the approval came too late to begin", "承認が遅く、開始できませんでした")
	BastionTimeout    = say("the bastion was not ready in time", "踏み台が時間内に用意できませんでした")
	BastionNotAllowed = say("the catalog does not allow this any more: %v", "カタログではもう許可されていません: %s")
	ClusterGone       = say("the cluster is not in the catalog any more", "このクラスターはカタログから削除されました")
	NoCapacity        = say("AWS has no capacity for a bastion right now", "現在 AWS に踏み台を作成する空きがありません")
	NoAddress         = say("every address that a bastion was given is still in use by another account", "踏み台に割り当てられたアドレスは、すべて別のアカウントが使用中です")
	BastionLostEarly  = say("the bastion went away before it was ready", "踏み台が準備の完了前に失われました")
)

// Why the grantor made no account.
var (
	StartPassed       = say("The approval was for a start by %s, and that has passed.", "承認された開始期限 %s を過ぎました。")
	AccountNotAllowed = say("The catalog no longer allows this: %v.", "カタログではもう許可されていません: %s。")
	WrongRegion       = say("The bastion is in %s and %s in %s.", "踏み台は %s にあり、%s は %s にあります。")
	WrongBastion      = say("The bastion is not what it was said to be: %v.", "踏み台が申告と異なります: %s。")
	WrongRequest      = say("instance %s is tagged for request %.64q", "インスタンス %s のタグは申請 %s のものです")
	WrongInstallation = say("instance %s is tagged as the installation %.64q's", "インスタンス %s のタグは環境 %s のものです")
	WrongAddress      = say("instance %s has the address %.64q and not %s", "インスタンス %s のアドレスは %s で、%s ではありません")
	NotRunning        = say("instance %s is not running", "インスタンス %s は稼働していません")
	DatabaseRefused   = say("The database refused: %v.", "データベースが拒否しました: %s。")
	NoIAM             = say("The database has no IAM authentication, which the catalog asks for.", "カタログが求める IAM 認証が、このデータベースにはありません。")

	NameKnown      = say("the server knows the name %s already", "サーバーに名前 %s がすでにあります")
	NameOnHosts    = say("accounts named %q are on hosts %s", "名前 %s のアカウントが次のホストにあります: %s")
	NoColumns      = say("this server has no privileges on columns, and the whole table was not approved", "このサーバーには列の権限がなく、テーブル全体は承認されていません")
	EverybodyHas   = say("everybody on the server has what the catalog does not list: %v", "カタログにない次の権限をサーバーの全員が持っています: %s")
	OtherThanAsked = say("the account has %s beyond what was approved and lacks %s of it", "アカウントには承認外の権限 %s があり、承認された %s がありません")
	OtherRoles     = say("the account has routines or roles that nobody approved: %s", "承認されていないルーチンまたはロールがアカウントにあります: %s")
	OldMariaDB     = say("MariaDB is older than 10.11", "MariaDB が 10.11 より古いバージョンです")
	OldMySQL       = say("MySQL is older than 8.0", "MySQL が 8.0 より古いバージョンです")
)

// Why the reaper ended a lease.
var (
	EndPassed    = say("its latest possible end has passed", "最終期限を過ぎました")
	AccountLate  = say("the account was not ready in time", "アカウントが時間内に用意できませんでした")
	ArmedTooLate = say("the approval came too late to begin anything", "承認が遅く、何も開始できませんでした")
	BastionGone  = say("the bastion went away", "踏み台が失われました")
	OfNoRequest  = say("it belongs to no request that is known", "どの申請のものか分かりません")
	Unarmed      = say("its end could not be put into the scheduler", "終了をスケジュールに登録できませんでした")
)
