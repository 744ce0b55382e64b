<?php

$mod_strings['LBL_ROISTAT_PANEL'] = 'Roistat';
$mod_strings['LBL_ROISTAT_PANEL_DESC'] = 'Передаёт каждую сделку в Roistat через секунды после сохранения.';
$mod_strings['LBL_ROISTAT_SETTINGS'] = 'Настройки Roistat';
$mod_strings['LBL_ROISTAT_SETTINGS_DESC'] =
    'Настроить и проверить связь с приёмником, посмотреть, что ожидает отправки.';

$mod_strings['LBL_ROISTAT_CONNECTION'] = 'Соединение';
$mod_strings['LBL_ROISTAT_ADDRESS'] = 'Адрес приёмника';
$mod_strings['LBL_ROISTAT_ADDRESS_HELP'] =
    'Где работает ваш приёмник, например https://roistat.example.com. Если пусто, ничего не отправляется, '
    . 'изменения ждут.';
$mod_strings['LBL_ROISTAT_SAVE'] = 'Сохранить адрес';
$mod_strings['LBL_ROISTAT_SECRET'] = 'Секрет подписи';
$mod_strings['LBL_ROISTAT_SECRET_NONE'] =
    'Ещё не задан. Создайте его и вставьте появившуюся строку в настройки приёмника.';
$mod_strings['LBL_ROISTAT_SECRET_STORED'] = 'Хранится в зашифрованном виде. Больше не показывается.';
$mod_strings['LBL_ROISTAT_SECRET_SINCE'] = 'Хранится в зашифрованном виде с';
$mod_strings['LBL_ROISTAT_GENERATE'] = 'Создать секрет';
$mod_strings['LBL_ROISTAT_GENERATE_AGAIN'] = 'Заменить новым секретом';
$mod_strings['LBL_ROISTAT_OWN_SECRET'] = 'Или собственный секрет';
$mod_strings['LBL_ROISTAT_OWN_SECRET_HELP'] = 'Тот, что уже записан у приёмника в WEBHOOK_SECRETS: whsec_ и base64.';
$mod_strings['LBL_ROISTAT_SAVE_SECRET'] = 'Сохранить секрет';
$mod_strings['LBL_ROISTAT_LINE'] = 'Строка для приёмника';
$mod_strings['LBL_ROISTAT_LINE_HELP'] =
    'Скопируйте её сейчас: она показывается только один раз. Запишите её в окружение приёмника вместо прежней '
    . 'WEBHOOK_SECRETS, перезапустите приёмник и нажмите здесь «Проверить соединение».';
$mod_strings['LBL_ROISTAT_ROTATING'] =
    'Сейчас подписывают два секрета, новый и прежний, чтобы ничего не потерялось. Когда приёмник получит '
    . 'новую строку и будет перезапущен, завершите замену.';
$mod_strings['LBL_ROISTAT_FINISH'] = 'Завершить замену';
$mod_strings['LBL_ROISTAT_TEST'] = 'Проверить соединение';
$mod_strings['LBL_ROISTAT_TEST_HELP'] = 'Отправляет настоящее подписанное сообщение и показывает ответ.';

$mod_strings['LBL_ROISTAT_STATE'] = 'Состояние';
$mod_strings['LBL_ROISTAT_WAITING'] = 'Ожидают отправки';
$mod_strings['LBL_ROISTAT_OLDEST'] = 'самая ранняя запись ждёт с';
$mod_strings['LBL_ROISTAT_REFUSED'] = 'Отклонены приёмником';
$mod_strings['LBL_ROISTAT_SUCCEEDED'] = 'Последняя удачная отправка';
$mod_strings['LBL_ROISTAT_NEVER'] = 'никогда';
$mod_strings['LBL_ROISTAT_OUTAGE'] = 'Приёмник';
$mod_strings['LBL_ROISTAT_OUTAGE_NONE'] = 'сбоев не замечено';
$mod_strings['LBL_ROISTAT_OUTAGE_SINCE'] = 'считается недоступным с';
$mod_strings['LBL_ROISTAT_SWEPT'] = 'Планировщик работал';
$mod_strings['LBL_ROISTAT_CRON_LATE'] =
    'Планировщик не запускался десять минут, поэтому после сбоя ничего не отправляется повторно. Проверьте, '
    . 'что эта строка есть в crontab пользователя веб-сервера и что задание «Roistat: send what waits» активно '
    . 'в разделе «Администрирование», «Планировщик»:';
$mod_strings['LBL_ROISTAT_CRON_LINE'] = 'Строка crontab';

$mod_strings['LBL_ROISTAT_REFUSED_HELP'] =
    'Приёмник не принимает эти записи в таком виде. Исправьте и сохраните запись или обновите приёмник, затем '
    . 'отправьте их снова.';
$mod_strings['LBL_ROISTAT_KIND'] = 'Вид';
$mod_strings['LBL_ROISTAT_RECORD'] = 'Запись';
$mod_strings['LBL_ROISTAT_ANSWER'] = 'Ответ приёмника';
$mod_strings['LBL_ROISTAT_KIND_DEAL'] = 'Сделка';
$mod_strings['LBL_ROISTAT_KIND_CONTACT'] = 'Контакт';
$mod_strings['LBL_ROISTAT_KIND_ACCOUNT'] = 'Контрагент';
$mod_strings['LBL_ROISTAT_MORE'] = 'Ещё не показано:';
$mod_strings['LBL_ROISTAT_SEND_REFUSED'] = 'Отправить отклонённые снова';

$mod_strings['LBL_ROISTAT_PERIOD'] = 'Отправить период снова';
$mod_strings['LBL_ROISTAT_PERIOD_HELP'] =
    'Все сделки, изменённые в эти дни, включая удалённые. То, что у приёмника уже есть, он пропустит.';
$mod_strings['LBL_ROISTAT_FROM'] = 'Первый день';
$mod_strings['LBL_ROISTAT_TO'] = 'Последний день';
$mod_strings['LBL_ROISTAT_SEND_PERIOD'] = 'Отправить период снова';

$mod_strings['LBL_ROISTAT_REMOVAL'] = 'Удаление пакета';
$mod_strings['LBL_ROISTAT_REMOVE'] = 'Удалить поле и его данные при удалении пакета';
$mod_strings['LBL_ROISTAT_REMOVE_HELP'] =
    'Внимание: все номера визитов в CRM будут потеряны безвозвратно. Не включайте, если не уверены. Поле, '
    . 'созданное администратором, остаётся в любом случае.';
$mod_strings['LBL_ROISTAT_SAVE_REMOVAL'] = 'Сохранить выбор';

$mod_strings['LBL_ROISTAT_SAVED'] = 'Сохранено.';
$mod_strings['LBL_ROISTAT_FORM_STALE'] = 'Ничего не изменено: форма устарела. Повторите действие на этой странице.';
$mod_strings['LBL_ROISTAT_PAGE_FAILED'] =
    'Произошла ошибка. Что именно, сказано в журнале CRM, в строке, начинающейся с «Roistat:».';
$mod_strings['LBL_ROISTAT_ADDRESS_MISSING'] = 'Адрес приёмника: не задан, поэтому ничего не отправляется.';
$mod_strings['LBL_ROISTAT_ADDRESS_MALFORMED'] =
    'Адрес приёмника: это не веб-адрес. Запишите его как https://roistat.example.com, без логина, '
    . 'пробелов, \\, ? и #.';
$mod_strings['LBL_ROISTAT_ADDRESS_NOT_HTTPS'] =
    'Адрес приёмника: он должен начинаться с https://, если только приёмник не работает на этой же машине '
    . '(localhost или 127.0.0.1).';
$mod_strings['LBL_ROISTAT_SECRET_MISSING'] =
    'Секрет подписи: не задан, поэтому ничего не отправляется. Создайте его.';
$mod_strings['LBL_ROISTAT_SECRET_MALFORMED'] =
    'Секрет подписи: он должен состоять из whsec_ и base64. Ничего не изменено.';
$mod_strings['LBL_ROISTAT_SECRET_UNUSABLE'] =
    'Секрет подписи: сохранённый секрет не подходит к этой CRM, возможно, её база данных взята из другой. '
    . 'Замените его новым.';
$mod_strings['LBL_ROISTAT_ROTATION_FINISHED'] =
    'Теперь подписывает только новый секрет. Уберите прежний, после запятой, из WEBHOOK_SECRETS приёмника.';
$mod_strings['LBL_ROISTAT_ROTATION_KEPT'] =
    'По-прежнему подписывают оба секрета: один только новый приёмник не принял.';
$mod_strings['LBL_ROISTAT_REFUSED_AGAIN'] =
    'Отправляются снова: {count}. Они уйдут при следующем запуске планировщика, в течение минуты.';
$mod_strings['LBL_ROISTAT_PERIOD_AGAIN'] =
    'Сделки, которые отправляются снова: {count}. Они уйдут при следующих запусках планировщика.';
$mod_strings['LBL_ROISTAT_PERIOD_MALFORMED'] =
    'Первый и последний день: нужны оба, и первый не может быть позже последнего.';
$mod_strings['LBL_ROISTAT_REMOVAL_ON'] =
    'Сохранено: при удалении пакета поле и все номера визитов в нём будут удалены.';
$mod_strings['LBL_ROISTAT_REMOVAL_OFF'] = 'Сохранено: при удалении пакета поле и его данные останутся.';

$mod_strings['LBL_ROISTAT_PING_WELL'] = 'Приёмник отвечает и принимает нашу подпись. Его версия: {version}.';
$mod_strings['LBL_ROISTAT_PING_STORE'] = 'Его хранилище: {says}';
$mod_strings['LBL_ROISTAT_PING_ROISTAT'] = 'Roistat: {says}';
$mod_strings['LBL_ROISTAT_PING_CLOCK_SAME'] = 'Часы CRM и приёмника сходятся.';
$mod_strings['LBL_ROISTAT_PING_CLOCK_AHEAD'] =
    'Часы CRM спешат относительно приёмника на {seconds} с. Начиная с 300 с ничего не принимается: настройте '
    . 'те и другие по серверу времени (NTP).';
$mod_strings['LBL_ROISTAT_PING_CLOCK_BEHIND'] =
    'Часы CRM отстают от приёмника на {seconds} с. Начиная с 300 с ничего не принимается: настройте те и '
    . 'другие по серверу времени (NTP).';
$mod_strings['LBL_ROISTAT_PING_NO_CLOCK'] = 'Приёмник не сообщает своё время. Обновите приёмник.';
$mod_strings['LBL_ROISTAT_PING_UNREACHABLE'] =
    'Приёмник недоступен. Проверьте, что он запущен, что адрес верен, что его сертификат действителен и что '
    . 'этому серверу разрешено с ним соединяться (межсетевой экран, прокси, список запрещённых адресов самой '
    . 'CRM). Подробность: {says}.';
$mod_strings['LBL_ROISTAT_PING_SILENT'] =
    'Приёмник не ответил за 10 с. Проверьте, не перегружен ли он и не теряет ли соединение межсетевой экран. '
    . 'Подробность: {says}.';
$mod_strings['LBL_ROISTAT_PING_401'] =
    'Приёмник не принимает подпись (401). Либо в его WEBHOOK_SECRETS нет секрета, сохранённого здесь, либо '
    . 'его с тех пор не перезапускали, либо часы расходятся больше чем на пять минут, либо пароль требует '
    . 'прокси перед ним.';
$mod_strings['LBL_ROISTAT_PING_403'] =
    'Доступ к адресу запрещён (403). Сам приёмник так не отвечает: найдите перед ним прокси или межсетевой '
    . 'экран и разрешите запросы POST к /webhooks/sugarcrm.';
$mod_strings['LBL_ROISTAT_PING_404'] =
    'По этому адресу что-то отвечает, но не знает вебхука ({status}). Проверьте адрес приёмника: нужно только '
    . 'его начало, без собственного пути.';
$mod_strings['LBL_ROISTAT_PING_413'] =
    'Сообщение слишком велико для того, что стоит перед приёмником (413). Поднимите предел его прокси до 1 '
    . 'МиБ (в nginx: client_max_body_size 1m).';
$mod_strings['LBL_ROISTAT_PING_CHANGED'] =
    'Дошло не то, что было отправлено ({status}). Похоже, запросы меняет прокси между CRM и приёмником: пусть '
    . 'пропускает их без изменений.';
$mod_strings['LBL_ROISTAT_PING_422'] =
    'Приёмник не понимает сообщение (422: {says}). Если названо поле timestamp, часы базы данных спешат '
    . 'больше чем на пять минут: настройте их по серверу времени. Иначе обновите пакет и приёмник до одной '
    . 'версии.';
$mod_strings['LBL_ROISTAT_PING_429'] =
    'Слишком много запросов (429). Сам приёмник так не отвечает: найдите ограничение в прокси или межсетевом '
    . 'экране перед ним.';
$mod_strings['LBL_ROISTAT_PING_500'] =
    'Сбой приёмника или прокси перед ним ({status}). Причина в журнале приёмника. Изменения пока ждут.';
$mod_strings['LBL_ROISTAT_PING_503'] =
    'Приёмник сейчас ничего не принимает (503): он запускается, его хранилище недоступно или заполнено, или '
    . 'его остановил хостинг. Смотрите журнал приёмника. Изменения пока ждут.';
$mod_strings['LBL_ROISTAT_PING_REDIRECT'] =
    'Адрес ведёт в другое место ({status}), а события дальше не пересылаются. Укажите конечный адрес, часто '
    . 'это https:// или адрес без www.';
$mod_strings['LBL_ROISTAT_PING_STRANGE'] =
    'По этому адресу что-то отвечает ({status}), но не так, как приёмник. Проверьте адрес приёмника: '
    . 'возможно, это сайт или страница входа.';
