<?php

$mod_strings['LBL_ROISTAT_PANEL'] = 'Roistat';
$mod_strings['LBL_ROISTAT_PANEL_DESC'] = 'Sends every deal to Roistat seconds after it was saved.';
$mod_strings['LBL_ROISTAT_SETTINGS'] = 'Roistat settings';
$mod_strings['LBL_ROISTAT_SETTINGS_DESC'] = 'Set up the connection to the receiver, test it, and see what waits.';

$mod_strings['LBL_ROISTAT_CONNECTION'] = 'Connection';
$mod_strings['LBL_ROISTAT_ADDRESS'] = 'Receiver address';
$mod_strings['LBL_ROISTAT_ADDRESS_HELP'] =
    'Where your receiver runs, such as https://roistat.example.com. Empty: nothing is sent, and changes wait.';
$mod_strings['LBL_ROISTAT_SAVE'] = 'Save address';
$mod_strings['LBL_ROISTAT_SECRET'] = 'Signing secret';
$mod_strings['LBL_ROISTAT_SECRET_NONE'] =
    'None yet. Generate one, and paste the line that appears into the receiver\'s settings.';
$mod_strings['LBL_ROISTAT_SECRET_STORED'] = 'Stored encrypted. It is never shown again.';
$mod_strings['LBL_ROISTAT_SECRET_SINCE'] = 'Stored encrypted since';
$mod_strings['LBL_ROISTAT_GENERATE'] = 'Generate secret';
$mod_strings['LBL_ROISTAT_GENERATE_AGAIN'] = 'Replace by a new secret';
$mod_strings['LBL_ROISTAT_OWN_SECRET'] = 'Or a secret of your own';
$mod_strings['LBL_ROISTAT_OWN_SECRET_HELP'] =
    'The one that the receiver already has in WEBHOOK_SECRETS: whsec_ and base64.';
$mod_strings['LBL_ROISTAT_SAVE_SECRET'] = 'Save secret';
$mod_strings['LBL_ROISTAT_LINE'] = 'Line for the receiver';
$mod_strings['LBL_ROISTAT_LINE_HELP'] =
    'Copy it now: it is shown only this once. Put it into the receiver\'s environment in place of any older '
    . 'WEBHOOK_SECRETS, restart the receiver, then press "Test connection" here.';
$mod_strings['LBL_ROISTAT_ROTATING'] =
    'Two secrets sign at present, the new and the previous one, so that no event is lost on the way. When the '
    . 'receiver has the new line and was restarted, finish the replacement.';
$mod_strings['LBL_ROISTAT_FINISH'] = 'Finish replacement';
$mod_strings['LBL_ROISTAT_TEST'] = 'Test connection';
$mod_strings['LBL_ROISTAT_TEST_HELP'] = 'Sends a real signed ping and says what came back.';

$mod_strings['LBL_ROISTAT_STATE'] = 'At a glance';
$mod_strings['LBL_ROISTAT_WAITING'] = 'Waiting to be sent';
$mod_strings['LBL_ROISTAT_OLDEST'] = 'the oldest since';
$mod_strings['LBL_ROISTAT_REFUSED'] = 'Refused by the receiver';
$mod_strings['LBL_ROISTAT_SUCCEEDED'] = 'Last success';
$mod_strings['LBL_ROISTAT_NEVER'] = 'never';
$mod_strings['LBL_ROISTAT_OUTAGE'] = 'Receiver';
$mod_strings['LBL_ROISTAT_OUTAGE_NONE'] = 'no outage known';
$mod_strings['LBL_ROISTAT_OUTAGE_SINCE'] = 'taken for away since';
$mod_strings['LBL_ROISTAT_SWEPT'] = 'Scheduler last ran';
$mod_strings['LBL_ROISTAT_CRON_LATE'] =
    'The scheduler has not run for ten minutes, so that nothing is sent again after a failure. Check that '
    . 'this line stands in the crontab of the web server\'s user, and that the scheduler "Roistat: send what '
    . 'waits" is active under Admin, Scheduler:';
$mod_strings['LBL_ROISTAT_CRON_LINE'] = 'Crontab line';

$mod_strings['LBL_ROISTAT_REFUSED_HELP'] =
    'The receiver will not have these as they are. Correct the record and save it, or update the receiver, '
    . 'then send them again.';
$mod_strings['LBL_ROISTAT_KIND'] = 'Kind';
$mod_strings['LBL_ROISTAT_RECORD'] = 'Record';
$mod_strings['LBL_ROISTAT_ANSWER'] = 'The receiver\'s answer';
$mod_strings['LBL_ROISTAT_KIND_DEAL'] = 'Deal';
$mod_strings['LBL_ROISTAT_KIND_CONTACT'] = 'Contact';
$mod_strings['LBL_ROISTAT_KIND_ACCOUNT'] = 'Account';
$mod_strings['LBL_ROISTAT_MORE'] = 'More that are not listed:';
$mod_strings['LBL_ROISTAT_SEND_REFUSED'] = 'Send refused again';

$mod_strings['LBL_ROISTAT_PERIOD'] = 'Send a period again';
$mod_strings['LBL_ROISTAT_PERIOD_HELP'] =
    'Every deal that was changed on these days, deleted ones too. The receiver ignores what it already has.';
$mod_strings['LBL_ROISTAT_FROM'] = 'First day';
$mod_strings['LBL_ROISTAT_TO'] = 'Last day';
$mod_strings['LBL_ROISTAT_SEND_PERIOD'] = 'Send the period again';

$mod_strings['LBL_ROISTAT_REMOVAL'] = 'Uninstalling';
$mod_strings['LBL_ROISTAT_REMOVE'] = 'Remove the field and its data when the package is uninstalled';
$mod_strings['LBL_ROISTAT_REMOVE_HELP'] =
    'Warning: every visit number in the CRM is then lost for good. Leave this off unless you are sure. A '
    . 'field that an administrator made is kept in any case.';
$mod_strings['LBL_ROISTAT_SAVE_REMOVAL'] = 'Save choice';

$mod_strings['LBL_ROISTAT_SAVED'] = 'Saved.';
$mod_strings['LBL_ROISTAT_FORM_STALE'] =
    'Nothing was changed: the form was out of date. Please try again on this page.';
$mod_strings['LBL_ROISTAT_PAGE_FAILED'] =
    'Something went wrong. The CRM\'s log says what, in a line that begins with "Roistat:".';
$mod_strings['LBL_ROISTAT_ADDRESS_MISSING'] = 'Receiver address: none is set, so nothing is sent.';
$mod_strings['LBL_ROISTAT_ADDRESS_MALFORMED'] =
    'Receiver address: this is no web address. Write it as https://roistat.example.com, without a login, '
    . 'blanks, \\, ? or #.';
$mod_strings['LBL_ROISTAT_ADDRESS_NOT_HTTPS'] =
    'Receiver address: it has to begin with https://, unless the receiver runs on this machine (localhost or '
    . '127.0.0.1).';
$mod_strings['LBL_ROISTAT_SECRET_MISSING'] = 'Signing secret: none is stored, so nothing is sent. Generate one.';
$mod_strings['LBL_ROISTAT_SECRET_MALFORMED'] =
    'Signing secret: it has to be whsec_ followed by base64. Nothing was changed.';
$mod_strings['LBL_ROISTAT_SECRET_UNUSABLE'] =
    'Signing secret: what is stored cannot be used in this CRM, perhaps because its database came from '
    . 'another one. Replace it by a new secret.';
$mod_strings['LBL_ROISTAT_ROTATION_FINISHED'] =
    'Only the new secret signs from now on. Take the previous one, after the comma, out of the receiver\'s '
    . 'WEBHOOK_SECRETS.';
$mod_strings['LBL_ROISTAT_ROTATION_KEPT'] =
    'Both secrets keep signing: the receiver did not accept the new one alone.';
$mod_strings['LBL_ROISTAT_REFUSED_AGAIN'] =
    'On their way again: {count}. They go with the scheduler\'s next run, within a minute.';
$mod_strings['LBL_ROISTAT_PERIOD_AGAIN'] =
    'Deals on their way again: {count}. They go with the scheduler\'s next runs.';
$mod_strings['LBL_ROISTAT_PERIOD_MALFORMED'] =
    'First day, last day: both are needed, and the first must not be after the last.';
$mod_strings['LBL_ROISTAT_REMOVAL_ON'] =
    'Saved: uninstalling the package will remove the field and all visit numbers in it.';
$mod_strings['LBL_ROISTAT_REMOVAL_OFF'] = 'Saved: uninstalling the package will keep the field and its data.';

$mod_strings['LBL_ROISTAT_PING_WELL'] = 'The receiver answers and accepts our signature. Its version: {version}.';
$mod_strings['LBL_ROISTAT_PING_STORE'] = 'Its store: {says}';
$mod_strings['LBL_ROISTAT_PING_ROISTAT'] = 'Roistat: {says}';
$mod_strings['LBL_ROISTAT_PING_CLOCK_SAME'] = 'The clocks of CRM and receiver agree.';
$mod_strings['LBL_ROISTAT_PING_CLOCK_AHEAD'] =
    'The CRM\'s clock is {seconds} s ahead of the receiver\'s. From 300 s on nothing is accepted: set both by '
    . 'a time server (NTP).';
$mod_strings['LBL_ROISTAT_PING_CLOCK_BEHIND'] =
    'The CRM\'s clock is {seconds} s behind the receiver\'s. From 300 s on nothing is accepted: set both by a '
    . 'time server (NTP).';
$mod_strings['LBL_ROISTAT_PING_NO_CLOCK'] = 'The receiver does not say what time it has. Update the receiver.';
$mod_strings['LBL_ROISTAT_PING_UNREACHABLE'] =
    'The receiver cannot be reached. Check that it runs, that the address is right, that its certificate is '
    . 'valid, and that this server may connect to it (firewall, proxy, the CRM\'s own list of forbidden '
    . 'addresses). Technically: {says}.';
$mod_strings['LBL_ROISTAT_PING_SILENT'] =
    'The receiver did not answer within 10 s. Check that it is not overloaded, and that no firewall swallows '
    . 'the connection. Technically: {says}.';
$mod_strings['LBL_ROISTAT_PING_401'] =
    'The receiver refuses the signature (401). Either its WEBHOOK_SECRETS lacks the secret stored here, or it '
    . 'was not restarted since, or the clocks are more than five minutes apart, or a proxy before it asks for a '
    . 'password.';
$mod_strings['LBL_ROISTAT_PING_403'] =
    'The address is forbidden to us (403). The receiver never says so: look for a proxy or firewall before '
    . 'it, and let POST requests to /webhooks/sugarcrm through.';
$mod_strings['LBL_ROISTAT_PING_404'] =
    'Something answers there, but it knows no webhook ({status}). Check the receiver address: only the '
    . 'beginning is needed, without a path of your own.';
$mod_strings['LBL_ROISTAT_PING_413'] =
    'The ping is too large for what stands before the receiver (413). Raise the limit of its proxy to 1 MiB '
    . '(in nginx: client_max_body_size 1m).';
$mod_strings['LBL_ROISTAT_PING_CHANGED'] =
    'What arrived was not what was sent ({status}). A proxy between the CRM and the receiver seems to change '
    . 'requests: let it pass them as they are.';
$mod_strings['LBL_ROISTAT_PING_422'] =
    'The receiver does not understand the ping (422: {says}). If it names the timestamp, the database\'s '
    . 'clock is more than five minutes ahead: set it by a time server. Otherwise update package and receiver to '
    . 'the same version.';
$mod_strings['LBL_ROISTAT_PING_429'] =
    'Too many requests (429). The receiver never says so: look for a limit in the proxy or firewall before '
    . 'it.';
$mod_strings['LBL_ROISTAT_PING_500'] =
    'The receiver, or a proxy before it, failed ({status}). The receiver\'s log says why. Changes wait '
    . 'meanwhile.';
$mod_strings['LBL_ROISTAT_PING_503'] =
    'The receiver cannot take anything just now (503): it is starting, its store is away or full, or its host '
    . 'has stopped it. See the receiver\'s log. Changes wait meanwhile.';
$mod_strings['LBL_ROISTAT_PING_REDIRECT'] =
    'The address leads elsewhere ({status}), and events are never sent on. Enter the final address, often '
    . 'with https:// or without www.';
$mod_strings['LBL_ROISTAT_PING_STRANGE'] =
    'Something answers there ({status}), but not as a receiver does. Check the receiver address: it may be '
    . 'that of a website or a login page.';
